"""Attributes of an expression that need no pixels, for a breakdown of the metrics."""

from __future__ import annotations

from collections.abc import Sequence

from momentvos.data.sample import Sample

COUNTS = ("none", "one", "two", "three or more")
SHARES = ("less than a quarter", "a quarter to half", "half of it or more", "the whole video")
ORDER = (*COUNTS, *SHARES)
"""Values that have an order other than that of their numbers or letters."""


def attributes(sample: Sample) -> dict[str, str]:
    """Name of an attribute -> the sample's value, as a person reads it."""
    values = {
        "frames of the video": _range(sample.length, (25, 50, 100, 200)),
        "words of the sentence": _range(len(sample.sentence.split()), (4, 8, 16)),
    }
    if sample.kind:
        values["kind"] = sample.kind
    if sample.annotated:
        values["targets"] = COUNTS[min(len(sample.targets), 3)]
    if sample.targets and sample.timed:
        spans = len(sample.moment.spans)
        values["spans of the moment"] = str(spans) if spans < 3 else "3 or more"
        values["moment"] = _share(len(sample.moment.clip(sample.length)) / sample.length)
    return values


def _range(value: int, bounds: Sequence[int]) -> str:
    for low, high in zip((1, *bounds), bounds, strict=False):
        if value < high:
            return f"{low} to {high - 1}"
    return f"{bounds[-1]} or more"


def _share(share: float) -> str:
    return SHARES[3 if share >= 1 else int(share * 4) if share < 0.5 else 2]
