"""``momentvos estimate``: what a batch would take, from a few frames and a simulation."""

import re
from dataclasses import asdict, replace
from math import inf
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from momentvos.cli import malloc, options
from momentvos.cli.batch import Saved
from momentvos.cli.streams import print_json

if TYPE_CHECKING:
    from momentvos.batch.cost import Cost
    from momentvos.batch.measure import Measured
    from momentvos.batch.simulation import Timetable

DEVICES = "1,8,64,1000"
MOST = 100_000
"""Devices at most."""
_SPEED = re.compile(r"(\d{1,9}(?:\.\d{1,6})?)\s*([kMGT]?)(b|bit|B)(?:/s|ps)?", re.ASCII)
_THOUSANDS = {"": 1, "k": 10**3, "M": 10**6, "G": 10**9, "T": 10**12}
LIMITS = {
    "workers": "devices",
    "cores": "cores, for decoding",
    "network": "network of a machine",
    "store": "bandwidth of all",
    "driver": "lines of the manifest",
    "start": "loading the model",
    "end": "page and table",
    "clips": "fewer clips than devices",
}
"""What a limit is, for people."""


def estimate(
    video: Annotated[
        Path | None,
        typer.Argument(metavar="VIDEO", help="A video like the clips.  [default: the sample]"),
    ] = None,
    sentence: Annotated[
        list[str] | None,
        typer.Argument(metavar="SENTENCE", help="What is asked of each clip, one or several."),
    ] = None,
    clips: Annotated[int, typer.Option(min=1, max=10**9, help="Clips of the batch.")] = 100_000,
    seconds: Annotated[
        float | None,
        typer.Option(min=0.01, max=10**6, help="Length of a clip.  [default: the video's]"),
    ] = None,
    devices: Annotated[
        str, typer.Option(metavar="N,N,...", help="Devices, each with a worker: a row each.")
    ] = DEVICES,
    per_machine: Annotated[
        int | None,
        typer.Option(
            min=1,
            max=4096,
            help="Devices of a machine.  [default: 8; of a processor, its cores]",
        ),
    ] = None,
    cores: Annotated[
        int | None,
        typer.Option(min=1, max=4096, help="Cores of a machine.  [default: those of this one]"),
    ] = None,
    bandwidth: Annotated[
        str | None,
        typer.Option(
            metavar="SPEED",
            help="What the store gives to all machines together: 10Gb (bits) or 1.2GB (bytes) a "
            "second.  [default: no limit]",
        ),
    ] = None,
    network: Annotated[
        str | None,
        typer.Option(metavar="SPEED", help="The same of each machine.  [default: no limit]"),
    ] = None,
    frame_seconds: Annotated[
        float | None,
        typer.Option(
            min=1e-6,
            help="Seconds of a device a frame and sentence, of a measurement of yours; no model "
            "is loaded.",
        ),
    ] = None,
    load_seconds: Annotated[
        float | None,
        typer.Option(min=0, help="Seconds until a worker is ready.  [default: as measured]"),
    ] = None,
    measured_frames: Annotated[
        int, typer.Option(min=1, max=10_000, help="Frames that are measured.")
    ] = 24,
    model: options.Model = "tgl-mini",
    grounder: options.Grounder = None,
    device: options.Device = "auto",
    resolution: options.Resolution = None,
    dtype: options.Dtype = options.DType.float32,
    compiled: options.Compile = False,
    no_selection: options.NoSelection = False,
    save: Annotated[
        Saved, typer.Option(help="Files of each answer, beside its line and its thumbnail.")
    ] = Saved.json,
    as_json: options.AsJson = False,
    yes: options.Yes = False,
    quiet: options.Quiet = False,
) -> None:
    """Say how long a batch of many clips would take, on how many devices, and what limits it.

    A few frames are measured here, and a simulation does the rest. A processor's core counts as a
    device.
    """
    numbers = _numbers(devices)
    store, line = _speed(bandwidth, "--bandwidth"), _speed(network, "--network")
    from momentvos.cli.batch import check_names
    from momentvos.cli.sentences import ONE_VIDEO
    from momentvos.packaged import packaged
    from momentvos.sentence import check, check_no_path

    samples = packaged("samples")
    path = video or samples / "demo.mp4"
    asked = sentence or [(samples / "demo.txt").read_text("utf-8").strip()]
    asked = [check_no_path(check(text), ONE_VIDEO) for text in dict.fromkeys(asked)]
    if frame_seconds is None:
        from momentvos.cli.pull import ready

        check_names(model, grounder, device)
        ready(model, yes, quiet)
    from momentvos.cli import threads
    from momentvos.cli.activity import Activity, announce

    threads.limit(1)  # a core is a device
    malloc.map_large_blocks()
    malloc.keep_few_kernels()
    announce(f"Measuring {model if frame_seconds is None else path.name}", quiet)
    with Activity(quiet) as activity:
        activity.begin("measuring")
        from momentvos.batch.measure import measure
        from momentvos.batch.worker import Worker
        from momentvos.systems.execution import Execution

        worker = Worker(
            model,
            device,
            grounder,
            not no_selection,
            save=save.value,
            threads=1,
            execution=Execution(resolution, dtype.value, compiled),
        )
        found = measure(path, asked, worker, measured_frames, frame_seconds)
    from momentvos.cli.usage import peak_memory

    memory = peak_memory() if found.device else None
    if load_seconds is not None:
        found = replace(found, rates=replace(found.rates, load=load_seconds))
    from momentvos.batch.simulation import Cluster, room, simulate

    length = seconds or found.length / found.fps
    cost = found.rates.clip(length * found.fps, len(asked))
    here = min(threads.cores(), threads.quota() or MOST)
    cluster = Cluster(
        per_machine=per_machine or ((cores or here) if found.device == "cpu" else 8),
        cores=cores or here,
        on_cores=found.device == "cpu",
        network=line,
        store=store,
    )
    made = [(n, simulate(cost, clips, replace(cluster, workers=n))) for n in numbers]
    rooms = room(cost, cluster)
    if as_json:
        print_json(
            {
                "schema": 1,
                "measured": asdict(found) | {"peak_memory": memory},
                "clips": clips,
                "clip": {"seconds": length, "sentences": len(asked), **asdict(cost)},
                "machine": {name: _finite(value) for name, value in asdict(cluster).items()},
                "saturated_by": {name: _finite(value) for name, value in rooms.items()},
                "rows": [{"devices": n, **asdict(one)} for n, one in made],
            },
            indent=1,
        )
        return
    named = f"{model} on {found.device}" if found.device else "a device of yours"
    typer.echo(_facts(path, named, found, len(asked), memory))
    typer.echo(_clip(cost, clips, length, len(asked), rooms))
    typer.echo(_table(made, clips, cost.model))


def _facts(path: Path, named: str, found: "Measured", sentences: int, memory: int | None) -> str:
    """What was measured. memory: bytes of main memory at the peak."""
    rates, (height, width) = found.rates, found.size
    further = f", each further one {_time(rates.further)}" if sentences > 1 else ""
    peak = "" if memory is None else f", {memory / 1e6:.0f} MB of main memory at the peak"
    return "\n".join(
        (
            f"{path.name}, {width} x {height}, {named}, {found.frames} frames measured",
            f"  load     {_time(rates.load)} until a worker is ready{peak}",
            f"  decode   {_time(rates.decode)} of a core a frame",
            f"  model    {_time(rates.first)} a frame{further}",
            f"  driver   {_time(rates.record)} a line, {_time(rates.conclude)} of the page",
        )
    )


def _clip(cost: "Cost", clips: int, length: float, sentences: int, rooms: dict[str, float]) -> str:
    """What a clip comes to, and how many devices all share the same."""
    asked = "1 sentence" if sentences == 1 else f"{sentences} sentences"
    size = f"{cost.fetched / 1e6:.2f} MB in, {cost.written / 1e6:.2f} MB out"
    lines = [
        f"{clips:,} clips of {length:g} s, {asked} each",
        f"  a clip   {_time(cost.decode)} to decode, {_time(cost.model)} of a device, {size}",
    ]
    full = [f"{LIMITS[name]} at {n:,.0f} devices" for name, n in rooms.items() if n < MOST]
    if full:
        lines.append(f"  full     {', '.join(full)}")
    return "\n".join(lines)


def _table(made: "list[tuple[int, Timetable]]", clips: int, model: float) -> str:
    """A row for each number of devices. model: seconds of a device for a clip."""
    rows: list[tuple[str, ...]] = [
        ("devices", "hours", "device hours", "clips/s", "computing", "limit")
    ]
    for devices, one in made:
        hours, rate = one.seconds / 3600, clips / one.seconds
        computing = f"{100 * clips * model / (devices * one.seconds):.0f} %"
        figures = f"{hours:,.3g}", f"{devices * hours:,.4g}", f"{rate:,.3g}"
        rows.append((f"{devices:,}", *figures, computing, LIMITS[one.limit]))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join(
            cell if place == len(row) - 1 else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in rows
    )


def _numbers(text: str) -> list[int]:
    """Numbers of devices. Raises ArgumentError."""
    from momentvos.errors import ArgumentError

    parts = [part.strip() for part in text.split(",")]
    if not all(part.isdecimal() and len(part) < 9 and 0 < int(part) <= MOST for part in parts):
        raise ArgumentError(
            f"'{text[:40]}' are no numbers from 1 to {MOST:,}: write --devices {DEVICES}."
        )
    return sorted({int(part) for part in parts})


def _speed(text: str | None, option: str) -> float:
    """Bytes a second; None: no limit. Raises ArgumentError."""
    from momentvos.errors import ArgumentError

    if text is None:
        return inf
    match = _SPEED.fullmatch(text.strip())
    if match is None or float(match[1]) <= 0:
        raise ArgumentError(
            f"'{text[:40]}' is no speed: write {option} 10Gb (bits) or 1.2GB (bytes) a second."
        )
    return float(match[1]) * _THOUSANDS[match[2]] / (1 if match[3] == "B" else 8)


def _time(seconds: float) -> str:
    """Seconds in digits that say something."""
    for unit, name in ((1.0, "s"), (1e-3, "ms")):
        if seconds >= unit:
            return f"{seconds / unit:.3g} {name}"
    return f"{seconds / 1e-6:.3g} µs" if seconds else "0 s"


def _finite(value: float) -> float | None:
    """A number that JSON has; None: without limit."""
    return value if value < inf else None
