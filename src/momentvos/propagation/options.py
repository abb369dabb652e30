"""How a system reads SAM2's decoder."""

from dataclasses import dataclass


@dataclass(frozen=True)
class DecoderOptions:
    """How the decoder's output becomes a mask.

    Attributes:
        gate: blank the mask where the object score is not positive.
        multimask: take the best of several masks by predicted IoU instead of the single mask.
        batch: most steps decoded at once.
        pointer_offsets: give pointers their temporal distance (SAM2.1), else none (SAM2.0).
        scored: the decoder predicts an object score.
    """

    gate: bool = True
    multimask: bool = False
    batch: int = 16
    pointer_offsets: bool = False
    scored: bool = True
