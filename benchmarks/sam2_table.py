"""The public table: SAM2.1 and EdgeTAM tracking on this processor (or GPU), everything included.

A 1280 x 720 video of H.264 is decoded and resized, encoded, and N objects are tracked through it:
memory attention, mask decoder and memory encoder, masks at the video's size as run-length codes.
The masks of the first 7 frames are given, so every frame measured reads a full memory: the given
frame and 6 before it. Weights are random, which costs what trained ones do. Rows are kept in the
file as they come, and those that are there already are not measured again. "x eager" is how many
times as fast as the row of the same numbers without "+compile" (on a GPU by the clock, else by the
processor's time), "x eager float32" as our float32.

python benchmarks/sam2_table.py [--sizes edgetam tiny small base+] [--sides 512 1024]
        [--objects 1 4 16] [--modes float32 bfloat16] [--device cpu]
        [--json outputs/bench/sam2_cpu.json]
"""

import argparse
import os
import resource
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import product
from pathlib import Path
from typing import Any

GIVEN, FRAMES, FEW = 7, 5, 3
"""Frames whose masks are given; frames measured; and measured of 16 objects at 1024 pixels."""
PARTS = ("decode", "encode", "track", "masks")


def main() -> None:
    options = _options()
    if options.device == "cpu":
        os.environ["OMP_NUM_THREADS"] = str(options.threads)
    import torch
    from record import load, save, table

    torch.set_num_threads(options.threads)
    path = options.json or Path("outputs", "bench", f"sam2_{options.device}.json")
    rows = [] if options.again else load(path)
    done = {(row["model"], row["pixels"], row["objects"], row["mode"]) for row in rows}
    with tempfile.TemporaryDirectory() as folder:
        video = _video(Path(folder) / "clip.mp4")
        every = product(options.sizes, options.sides, options.objects, options.modes)
        for size, side, objects, mode in every:
            if (size, side, objects, mode) in done:
                continue
            few = side >= 1024 and objects >= 16
            row = measured(video, size, side, objects, mode, options.device, FEW if few else FRAMES)
            rows = compared([*rows, row], "CPU s/frame" if options.device == "cpu" else "s/frame")
            save(path, rows)
            print(table(rows[-1:]), flush=True)
            if row.get("compiled") == "no":
                print(f"{mode}: nothing was compiled, so that this is not its speed", flush=True)
    print(table(rows))


def compared(rows: list[dict[str, Any]], clock: str) -> list[dict[str, Any]]:
    """Rows with how many times as fast they are as others of the same model and size."""
    names = ("model", "pixels", "objects", "mode")
    seconds = {tuple(row[name] for name in names): row[clock] for row in rows}
    made = []
    for row in rows:
        kind = row["mode"].partition("+")[0]
        others = {"x eager": kind, "x eager float32": "float32"}
        ratios = {
            name: seconds[key] / row[clock]
            for name, other in others.items()
            if other != row["mode"]
            and (key := (*(row[one] for one in names[:3]), other)) in seconds
        }
        made.append(row | ratios)
    return made


def measured(
    file: Path, size: str, side: int, objects: int, mode: str, device: str, length: int
) -> dict[str, Any]:
    """One row: seconds of the clock a frame, by part, and of the processor."""
    import loops
    import torch

    from momentvos.masklet import Masklet
    from momentvos.media import Video
    from momentvos.propagation import DecoderOptions, Plan, Read, Step, merge, run
    from momentvos.sam2 import Prompt, Pyramid, encode
    from momentvos.sam2.geometry import to_input, to_output

    # Moved first: what there is to compile with depends on the device.
    sam = loops.fast(loops.model(size, side).to(device), mode)
    video = Video.open(file)
    _, masks = loops.clip(side, 1, objects)
    read = Read(6, slots="distance", reach=6, passed=True)
    taken: dict[str, float] = defaultdict(float)

    @contextmanager
    def timed(part: str) -> Iterator[None]:
        start = _now(device)
        yield
        taken[part] += _now(device) - start

    def plan(obj_id: int) -> Plan:
        first = Step(0, "plain", "mask", None, "conditioning", obj_id)
        given = [Step(n, "plain", "mask", None, "recent", obj_id) for n in range(1, GIVEN)]
        rest = [
            Step(n, "plain", None, read, "recent", obj_id) for n in range(GIVEN, GIVEN + length)
        ]
        return Plan(tuple((step,) for step in (first, *given, *rest)))

    pictures = iter(video.frames())
    kept: dict[int, Pyramid] = {}

    def features(steps):
        number = steps[0].frame
        if number not in kept:
            with timed("decode"):
                pixels = to_input(next(pictures).rgb[None], side, "stretch")[0].to(device)
            with timed("encode"):
                kept.clear()
                kept[number] = encode(sam, pixels)
        return kept[number].expand(len(steps))

    def prompts(steps):
        return Prompt(mask=masks[[step.obj_id for step in steps]].to(device))

    masklets = [Masklet(video.size) for _ in range(objects)]
    plans = merge(plan(number) for number in range(objects))
    with torch.inference_mode():
        walk = run(sam, plans, features, prompts, DecoderOptions.of_sam2(sam.config, len(video)))
        steps = 0
        while steps < GIVEN * objects:
            steps += len(next(walk).steps)
        taken.clear()
        start, used = _now(device), time.process_time()
        for part in walk:
            with timed("masks"):
                for step, logits in zip(part.steps, part.decoded.logits, strict=True):
                    full = to_output(logits[None].float(), (side, side), side, video.size)[0]
                    mask = (full > 0).cpu().numpy()
                    masklets[step.obj_id].set(step.frame, mask)
        whole, used = _now(device) - start, time.process_time() - used
    taken["track"] = whole - sum(taken[part] for part in PARTS if part != "track")
    row = {"model": size, "pixels": side, "objects": objects, "mode": mode, "frames": length}
    if "+" in mode:
        row["compiled"] = "yes" if loops.is_compiled(sam) else "no"
    row |= {f"{part} s": taken[part] / length for part in PARTS}
    row |= {"s/frame": whole / length, "frames/s": length / whole, "CPU s/frame": used / length}
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1 << 20)
    return row | {"peak GiB so far": peak}


def _now(device: str) -> float:
    if device.startswith("cuda"):
        import torch

        torch.cuda.synchronize()
    return time.perf_counter()


def _video(path: Path) -> Path:
    """Smooth noise that moves, 1280 x 720."""
    import loops

    from momentvos.media import VideoWriter

    frames, _ = loops.clip(1280, GIVEN + FRAMES, 1)
    rgb = ((frames[:, :, :720] * 40 + 128).clamp(0, 255).byte()).permute(0, 2, 3, 1).numpy()
    with VideoWriter(path, (720, 1280), 24) as writer:
        for frame in rgb:
            writer.write(frame)
    return path


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sizes", nargs="+", default=["edgetam", "tiny", "small", "base+"])
    parser.add_argument("--sides", nargs="+", type=int, default=[512, 1024])
    parser.add_argument("--objects", nargs="+", type=int, default=[1, 4, 16])
    parser.add_argument("--modes", nargs="+", default=["float32"])
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--again", action="store_true", help="measure rows that are there, too")
    parser.add_argument("--json", type=Path, help="where the rows are kept")
    return parser.parse_args()


if __name__ == "__main__":
    main()
