"""What can be said of an expression without looking at pixels, for a breakdown of the figures."""

from __future__ import annotations

from collections.abc import Sequence

from momentvos.data.sample import Sample

COUNTS = ("none", "one", "two", "three or more")
SHARES = ("less than a quarter", "a quarter to half", "half of it or more", "the whole video")
ORDER = (*COUNTS, *SHARES)
"""Values that have an order other than that of their numbers or letters."""


def attributes(sample: Sample) -> dict[str, str]:
    """Name of an attribute -> the sample's value, as a person reads it."""
    found = {
        "frames of the video": _range(sample.length, (25, 50, 100, 200)),
        "words of the sentence": _range(len(sample.sentence.split()), (4, 8, 16)),
    }
    if sample.kind:
        found["kind"] = sample.kind
    if sample.annotated:
        found["targets"] = COUNTS[min(len(sample.targets), 3)]
    if sample.targets and sample.timed:
        spans = len(sample.moment.spans)
        found["spans of the moment"] = str(spans) if spans < 3 else "3 or more"
        found["moment"] = _share(len(sample.moment.clip(sample.length)) / sample.length)
    return found


def _range(value: int, bounds: Sequence[int]) -> str:
    for low, high in zip((1, *bounds), bounds, strict=False):
        if value < high:
            return f"{low} to {high - 1}"
    return f"{bounds[-1]} or more"


def _share(share: float) -> str:
    return SHARES[3 if share >= 1 else int(share * 4) if share < 0.5 else 2]
