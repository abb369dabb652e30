"""What each role of a tracks system did, drawn for the trace."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from momentvos.media import Video
from momentvos.moment import Moment, midpoints
from momentvos.selection.components import decode
from momentvos.systems.session import Grounded
from momentvos.systems.tracks.detectors import Detection
from momentvos.systems.tracks.followed import Followed
from momentvos.systems.tracks.pictures import boxed, curve, outlined
from momentvos.systems.tracks.trace import Trace
from momentvos.systems.tracks.words import Words

SHOWN = 6
"""Frames that are drawn of a role."""


def words(trace: Trace, sentences: Sequence[str], read: Sequence[Words]) -> None:
    """What is looked for, sentence by sentence."""
    trace.heading("Words: what is looked for")
    rows = [
        [sentence, *one.attempts[:1], ", ".join(one.attempts[1:]), ", ".join(one.references)]
        for sentence, one in zip(sentences, read, strict=True)
    ]
    trace.table(["sentence", "noun", "if it is nowhere", "other nouns"], rows)


def detections(trace: Trace, view: Video, found: Mapping[int, Sequence[Detection]]) -> None:
    """What was detected on some of the keyframes."""
    if not trace.kept:
        return
    count = sum(map(len, found.values()))
    trace.heading(f"Detector: {count} boxes on {len(found)} keyframes")
    shown = midpoints(sorted(found), SHOWN)
    trace.pictures(
        [
            (
                f"{frame.time:.2f} s",
                boxed(frame.rgb, [(one.box, _best(one)) for one in found[frame.index]]),
            )
            for frame in view.read(shown)
        ]
    )


def tracks(trace: Trace, view: Video, objects: Sequence[Followed]) -> None:
    """The objects that were followed, and when each is seen."""
    if not trace.kept:
        return
    trace.heading(f"Tracker: {len(objects)} objects")
    rows = []
    for one in objects:
        phrases = sorted(one.phrases, key=lambda phrase: -one.phrases[phrase])
        seen = Moment.from_frames(one.frames)
        times = ", ".join(
            f"{view.times[first]:.1f}-{view.times[last] + view.durations[last]:.1f} s"
            for first, last in seen.spans
        )
        rows.append([str(one.number + 1), ", ".join(phrases), times])
    trace.table(["object", "detected as", "seen"], rows)
    frames = sorted(set[int]().union(*(one.frames for one in objects)))
    pictures = []
    for frame in view.read(midpoints(frames, SHOWN)):
        masks = {
            one.number + 1: decode(one.frames[frame.index].mask)
            for one in objects
            if frame.index in one.frames
        }
        pictures.append((f"{frame.time:.2f} s", outlined(frame.rgb, masks)))
    trace.pictures(pictures)


def moment(
    trace: Trace,
    video: Video,
    meant: Sequence[Followed],
    grounded: Grounded,
    threshold: float,
) -> None:
    """What a sentence means, the relevance of every frame, and the moment that follows."""
    if not trace.kept:
        return
    numbers = ", ".join(str(one.number + 1) for one in meant)
    trace.text(f"Meant, as the tracker numbers objects: {numbers or 'none of them'}.")
    relevance, found = grounded.relevance, grounded.moment
    if not meant or not relevance or found is None:
        return
    times = ", ".join(
        f"{video.times[first]:.1f}-{video.times[last] + video.durations[last]:.1f} s"
        for first, last in found.spans
    )
    drawn = curve(relevance, found.flags(len(relevance)), threshold, video.duration)
    trace.pictures([(f"Moment: {times or 'none'}", drawn)])


def _best(one: Detection) -> str:
    phrase = max(one.phrases, key=lambda name: one.phrases[name])
    return f"{phrase} {one.phrases[phrase]:.2f}"
