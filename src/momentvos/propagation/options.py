"""How a system reads SAM2's decoder."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from momentvos.sam2 import Prompt

if TYPE_CHECKING:
    from transformers import Sam2VideoConfig


@dataclass(frozen=True)
class DecoderOptions:
    """How the decoder's output becomes a mask and a memory.

    Attributes:
        gate: blank the mask where the object score is not positive.
        multimask: take the best of several masks by predicted IoU instead of the single mask.
        multimask_points: (least, most) points of a prompt with which `multimask` applies, a box
            counts as two, tokens and memory alone as none; None: with any.
        given_multimask: a given mask's object pointer is that of the best of several masks, as in
            `transformers`; else of the single mask, as in Meta's code. None: as `multimask`.
        stable: replace an unstable single mask by the best of several.
        batch: most steps decoded at once.
        pointer_offsets: give pointers their temporal distance (SAM2.1), else none (SAM2.0).
        scored: the decoder predicts an object score.
        binarize: masks of frames prompted by points, a box or a mask are remembered thresholded.
            (Otherwise as logits, like those of tracked frames.)
        full_masks: a given mask is thresholded as it was given, at input size; else as the decoder
            gives masks, at a quarter of it, as in Meta's video predictor.
        fill_holes: holes of at most so many cells are filled in every mask that is given back, and
            in memory where it is of a frame prompted by points, a box or a mask; 0: none.
        length: frames of the video; where it is shorter than the model's
            ``max_object_pointers_in_encoder``, pointers' distances are divided by it, less one.
            None: by the model's, less one.
    """

    gate: bool = True
    multimask: bool = False
    multimask_points: tuple[int, int] | None = None
    given_multimask: bool | None = None
    stable: bool = False
    batch: int = 16
    pointer_offsets: bool = False
    scored: bool = True
    binarize: bool = False
    full_masks: bool = True
    fill_holes: int = 0
    length: int | None = None

    @classmethod
    def of_sam2(cls, config: Sam2VideoConfig, length: int | None = None) -> DecoderOptions:
        """As SAM2 itself reads its decoder at inference, in a video of `length` frames."""
        least, most = config.multimask_min_pt_num, config.multimask_max_pt_num
        if not config.multimask_output_for_tracking:
            least = max(least, 1)
        return cls(
            multimask=config.multimask_output_in_sam,
            multimask_points=(least, most),
            stable=config.mask_decoder_config.dynamic_multimask_via_stability,
            pointer_offsets=config.enable_temporal_pos_encoding_for_object_pointers,
            binarize=True,
            length=length,
        )

    def chooses(self, prompt: Prompt) -> bool:
        """Whether the mask is chosen among several for this prompt."""
        if self.multimask_points is None:
            return self.multimask
        least, most = self.multimask_points
        return self.multimask and least <= prompt.point_count <= most

    @property
    def chooses_given(self) -> bool:
        """Whether a given mask's pointer is that of the best of several masks."""
        return self.multimask if self.given_multimask is None else self.given_multimask

    def pointer_span(self, most: int) -> int:
        """What pointers' distances are divided by, for a model of at `most` so many pointers."""
        span = most if self.length is None else min(self.length, most)
        return max(span - 1, 1)
