"""How well the moment of a sentence is found: tIoU, Top-1 keyframe accuracy, presence."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from momentvos.moment import Moment


def temporal_iou(truth: Moment, prediction: Moment) -> float:
    """Overlap (tIoU) of two moments as sets of frames, 0..1; two empty moments agree: 1."""
    return truth.iou(prediction)


def top1(relevance: Sequence[float], moment: Moment) -> bool:
    """Whether the most relevant frame (the first of equals) lies in M+ (TGL, Top-1 accuracy).

    Raises ValueError for a curve without frames.
    """
    return max(range(len(relevance)), key=relevance.__getitem__) in moment


def recall_at(ious: Iterable[float], threshold: float) -> float | None:
    """R1@threshold: share of tIoUs that reach the threshold; None where there are none."""
    return mean(float(iou >= threshold) for iou in ious)


@dataclass(frozen=True)
class Presence:
    """Whether sentences that mean nothing are told apart from those that mean something.

    target_accuracy: share of sentences with a target that were answered as found (T-acc).
    no_target_accuracy: share of sentences without one that were refused (N-acc).
    Each is 0..1, or None where no such sentence was asked.
    """

    target_accuracy: float | None
    no_target_accuracy: float | None


def presence(wanted: Sequence[bool], found: Sequence[bool]) -> Presence:
    """Compare, sentence by sentence, whether there is a target and whether one was found."""
    pairs = list(zip(wanted, found, strict=True))
    return Presence(
        target_accuracy=mean(float(answer) for target, answer in pairs if target),
        no_target_accuracy=mean(float(not answer) for target, answer in pairs if not target),
    )


def mean(values: Iterable[float | None]) -> float | None:
    """Mean of the values that are there; None where none is."""
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else None
