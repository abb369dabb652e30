"""Spatio-temporal grounding: boxes in a moment, HC-STVG and VidSTG (m_tIoU, m_vIoU, vIoU@R).

Papers report with TubeDETR's evaluator: frames are sampled at 5 a second, at most 200; the end of a
tube lies outside of it. HC-STVG's own program (``eval_hcvg.py``) counts every frame, and frames
without a box of the answer are no part of its moment. Both ask for more than R, not R or more.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from momentvos.evaluation.moments import mean

THRESHOLDS = (0.3, 0.5)
FPS, MOST = 5, 200
Box = Sequence[float]
"""Left, top, right, bottom."""


@dataclass(frozen=True)
class Tube:
    """One sentence: the true boxes and those answered, by the video's own frame numbers.

    part: first and last frame of the part of the video that is asked about. fps: of the video.
    first: frame of the first true box; the others follow frame by frame. span: first and last frame
    answered; None where there is no answer, and empty for "not there". boxes: answered, one a frame
    from `part`'s first on, None where there is none. form: kind of the sentence.
    """

    part: Sequence[int]
    fps: float
    first: int
    truth: Sequence[Box]
    span: Sequence[int] | None
    boxes: Sequence[Box | None]
    form: str = ""

    def sampled(self) -> list[int]:
        """The frames that TubeDETR's evaluator looks at."""
        rate = FPS / self.fps
        frames = [self.part[0]]
        for frame in range(self.part[0], self.part[1]):
            if int(frames[-1] * rate) < int(frame * rate):
                frames.append(frame)
        if len(frames) > MOST:
            frames = [frames[k * len(frames) // MOST] for k in range(MOST)]
        return frames

    def overlap(self, frame: int) -> float:
        """IoU of the two boxes of a frame; 0 without one of them."""
        true, place = frame - self.first, frame - self.part[0]
        if not (0 <= true < len(self.truth) and 0 <= place < len(self.boxes)):
            return 0.0
        box = self.boxes[place]
        return 0.0 if box is None else box_iou(self.truth[true], box)


def box_iou(one: Box, other: Box) -> float:
    """Intersection over union of two boxes; 0 where they do not meet."""
    width = min(one[2], other[2]) - max(one[0], other[0])
    height = min(one[3], other[3]) - max(one[1], other[1])
    if width <= 0 or height <= 0:
        return 0.0
    areas = [(box[2] - box[0]) * (box[3] - box[1]) for box in (one, other)]
    return width * height / (sum(areas) - width * height)


def sampled_tube(tube: Tube) -> tuple[float, float, float]:
    """tIoU, vIoU, and vIoU where the true moment is given (gt_vIoU), as TubeDETR computes them."""
    start, end = tube.first, tube.first + len(tube.truth)
    low, high = (tube.span[0], tube.span[1] + 1) if tube.span else (0, 0)
    both, hull = (max(start, low), min(end, high)), (min(start, low), max(end, high))
    tiou = 0.0
    if both[1] > both[0]:
        shared = both[1] - both[0]
        tiou = shared / (end - start + high - low - shared)
    frames = tube.sampled()
    true = [frame for frame in frames if start <= frame < end]
    overlaps = {frame: tube.overlap(frame) for frame in true}
    union = sum(hull[0] <= frame < hull[1] for frame in frames)
    met = sum(value for frame, value in overlaps.items() if both[0] <= frame < both[1])
    return tiou, met / max(union, 1), sum(overlaps.values()) / max(len(true), 1)


def whole_tube(tube: Tube) -> tuple[float, float]:
    """tIoU and vIoU over all frames, as HC-STVG's own program computes them."""
    if not tube.span:
        return 0.0, 0.0
    low, high = tube.span
    first, last = tube.first, tube.first + len(tube.truth) - 1
    answered = [
        frame
        for frame in range(max(first, low), min(last, high) + 1)
        if tube.boxes[frame - tube.part[0]] is not None
    ]
    hull = max(last, high) - min(first, low) + 1
    return len(answered) / hull, sum(map(tube.overlap, answered)) / hull


def stvg(tubes: Sequence[Tube]) -> dict[str, float | None]:
    """HC-STVG as papers report it: TubeDETR's evaluator."""
    rows = [sampled_tube(tube) for tube in tubes]
    metrics = _means([(tiou, viou) for tiou, viou, _ in rows])
    metrics["gt_vIoU"] = mean(given for _, _, given in rows)
    return metrics | {
        f"gt_vIoU@{m}": mean(float(given > m) for _, _, given in rows) for m in THRESHOLDS
    }


def hc_stvg_own(tubes: Sequence[Tube]) -> dict[str, float | None]:
    """HC-STVG by its authors' program."""
    return _means([whole_tube(tube) for tube in tubes])


def vidstg(tubes: Sequence[Tube]) -> dict[str, float | None]:
    """VidSTG: statements and questions apart."""
    parts = {
        form: stvg([tube for tube in tubes if tube.form == form])
        for form in ("declarative", "interrogative")
    }
    names = ("m_tIoU", "m_vIoU", *(f"vIoU@{m}" for m in THRESHOLDS), "gt_vIoU")
    return {f"{name} {form}": part[name] for form, part in parts.items() for name in names}


def _means(rows: Sequence[tuple[float, float]]) -> dict[str, float | None]:
    return {
        "m_tIoU": mean(tiou for tiou, _ in rows),
        "m_vIoU": mean(viou for _, viou in rows),
        **{f"vIoU@{m}": mean(float(viou > m) for _, viou in rows) for m in THRESHOLDS},
    }
