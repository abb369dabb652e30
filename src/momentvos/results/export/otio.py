"""A timeline for film editors: each video is a clip, each moment a marker.

``.otio`` is written here (OpenTimelineIO's JSON); ``.edl`` and ``.xml`` (Final Cut Pro 7) by
OpenTimelineIO's adapters, which the extra ``otio`` installs. With `moment_only` the timeline is a
rough cut: the moments alone, one clip each.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from momentvos.errors import OutputError
from momentvos.json_text import to_text
from momentvos.results.export.footage import Probe, exact_rate, probe
from momentvos.results.export.names import Group, by_video, line, plain_text
from momentvos.results.export.text_file import write_text
from momentvos.results.export.time_text import timecode_frames

if TYPE_CHECKING:
    from momentvos.results.export.exporter import Options
    from momentvos.results.prediction import Prediction

_COLOURS = ("PINK", "CYAN", "YELLOW", "GREEN", "ORANGE", "PURPLE", "BLUE", "RED", "MAGENTA")
_EDITORS = tuple(
    map(Fraction, ["24000/1001", "24", "25", "30000/1001", "30", "48", "50", "60000/1001", "60"]),
)
"""Frame rates of SMPTE timecode."""
_ADAPTERS = {
    ".edl": ("cmx_3600", "otio_cmx3600_adapter"),
    ".xml": ("fcp_xml", "otio_fcp_adapter"),
}
Json = dict[str, Any]


def write(predictions: Sequence[Prediction], out: Path, options: Options) -> tuple[str, ...]:
    """Write the timeline; returns notes. Raises OutputError where an adapter lacks or refuses."""
    groups = by_video(predictions)
    adapter = _ADAPTERS.get(out.suffix)
    rates = [exact_rate(group.first.video.fps) for group in groups]
    notes = []
    if adapter is not None:
        fitting = [editors_rate(rate) for rate in rates]
        fitting = [fitting[0]] * len(rates) if out.suffix == ".edl" else fitting
        if fitting != rates:
            notes.append(
                f"{out.suffix} has no such frame rates as {float(rates[0]):g}: times are at "
                f"{float(fitting[0]):.6g} frames a second"
            )
        rates = fitting
    timeline = _timeline(groups, rates, options)
    if adapter is None:
        write_text(out, to_text(timeline, indent=4, ensure_ascii=False) + "\n")
    else:
        _adapt(timeline, out, *adapter, rates[0])
    return tuple(notes)


def editors_rate(rate: Fraction) -> Fraction:
    """The frame rate of a timecode that shows every frame of a rate, or else the nearest one."""
    whole = [one for one in _EDITORS if (one / rate).denominator == 1]
    return whole[0] if whole else min(_EDITORS, key=lambda one: abs(one - rate))


def _adapt(timeline: Json, out: Path, adapter: str, module: str, rate: Fraction) -> None:
    if find_spec("opentimelineio") is None or find_spec(module) is None:
        raise OutputError(
            f"{out.suffix} needs OpenTimelineIO and its adapter: pip install 'momentvos[otio]'"
        )
    import opentimelineio

    made = opentimelineio.adapters.read_from_string(to_text(timeline), "otio_json")
    how = {"rate": float(rate)} if adapter == "cmx_3600" else {}
    try:
        text = opentimelineio.adapters.write_to_string(made, adapter, **how)
    except Exception as error:  # whatever an adapter raises
        raise OutputError(f"OpenTimelineIO cannot write {out.suffix}: {error}.") from None
    write_text(out, text)


def _timeline(groups: Sequence[Group], rates: Sequence[Fraction], options: Options) -> Json:
    tracks: dict[str, list[Json]] = {"Video": [], "Audio": []}
    colours: dict[str, str] = {}
    for group in groups:
        for one in group.predictions:
            colours.setdefault(one.sentence, _COLOURS[len(colours) % len(_COLOURS)])
    for group, rate in zip(groups, rates, strict=True):
        headers = probe(group.first, options)
        media = _media(group, rate, headers)
        clips = list(_clips(group, rate, media, colours, options.moment_only))
        tracks["Video"] += clips
        for clip in clips:
            sound = clip | {"markers": []}
            tracks["Audio"].append(sound if headers.has_audio else _gap(clip["source_range"]))
    if not any(one["OTIO_SCHEMA"] == "Clip.2" for one in tracks["Audio"]):
        del tracks["Audio"]
    return {
        "OTIO_SCHEMA": "Timeline.1",
        "metadata": {
            "momentvos": {"predictions": [_facts(p) for g in groups for p in g.predictions]}
        },
        "name": groups[0].name if len(groups) == 1 else "MomentVOS",
        "global_start_time": None,
        "tracks": {
            **_item("Stack.1", "tracks", None),
            "children": [
                {**_item("Track.1", kind, None), "kind": kind, "children": children}
                for kind, children in tracks.items()
            ],
        },
    }


def _clips(
    group: Group, rate: Fraction, media: Json, colours: dict[str, str], moment_only: bool
) -> Iterator[Json]:
    available = media["available_range"]
    markers = sorted(
        (
            (_marker(one, start, end, rate, available, colours[one.sentence]))
            for one in group.predictions
            for start, end in one.seconds
        ),
        key=lambda marker: marker["marked_range"]["start_time"]["value"],
    )
    if not moment_only:
        yield _clip(group.name, available, markers, media)
        return
    for marker in markers:
        yield _clip(f"{group.name}: {marker['name']}", marker["marked_range"], [marker], media)


def _clip(name: str, source_range: Json, markers: list[Json], media: Json) -> Json:
    return {
        **_item("Clip.2", name, source_range),
        "markers": markers,
        "media_references": {"DEFAULT_MEDIA": media},
        "active_media_reference_key": "DEFAULT_MEDIA",
    }


def _gap(source_range: Json) -> Json:
    return _item("Gap.1", "", source_range)


def _media(group: Group, rate: Fraction, headers: Probe) -> Json:
    facts = group.first.video
    start = timecode_frames(headers.timecode, rate) if headers.timecode else None
    length = max(round(facts.duration * rate), 1)
    return {
        "OTIO_SCHEMA": "ExternalReference.1",
        "metadata": {},
        "name": plain_text(headers.path.name),
        "available_range": _range(start or 0, length, rate),
        "available_image_bounds": None,
        "target_url": plain_text(headers.path.as_uri()),
    }


def _marker(
    one: Prediction, start: float, end: float, rate: Fraction, available: Json, colour: str
) -> Json:
    """A marker in the clock of the media, at least one frame long and inside of it."""
    offset = int(available["start_time"]["value"])
    length = int(available["duration"]["value"])
    first = min(round(start * rate), length - 1)
    last = max(min(round(end * rate), length), first + 1)
    return {
        "OTIO_SCHEMA": "Marker.2",
        "metadata": {"momentvos": _facts(one)},
        "name": line(one.sentence),
        "color": colour,
        "marked_range": _range(offset + first, last - first, rate),
        "comment": f"{line(one.model)}, presence {one.presence:.2f}",
    }


def _facts(one: Prediction) -> Json:
    return {
        "sentence": plain_text(one.sentence),
        "found": one.found,
        "presence": one.presence,
        "model": one.model,
        "moment": one.moment.to_list(),
    }


def _item(schema: str, name: str, source_range: Json | None) -> Json:
    return {
        "OTIO_SCHEMA": schema,
        "metadata": {},
        "name": name,
        "source_range": source_range,
        "effects": [],
        "markers": [],
        "enabled": True,
    }


def _range(start: int, length: int, rate: Fraction) -> Json:
    return {
        "OTIO_SCHEMA": "TimeRange.1",
        "duration": _time(length, rate),
        "start_time": _time(start, rate),
    }


def _time(value: int, rate: Fraction) -> Json:
    return {"OTIO_SCHEMA": "RationalTime.1", "rate": float(rate), "value": float(value)}
