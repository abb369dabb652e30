"""SAM2 as plain, differentiable, batched functions over a `transformers.Sam2VideoModel`."""

from momentvos.sam2.attend import Reading, attend, attend_unequal
from momentvos.sam2.decode import CERTAIN_SCORE, NO_OBJECT_SCORE, Decoded, decode, decode_mask
from momentvos.sam2.encode import encode, pyramid, stage, stem, top
from momentvos.sam2.guided_filter import guided_filter
from momentvos.sam2.holes import fill_holes
from momentvos.sam2.pixels import covered, to_bytes, to_pixels
from momentvos.sam2.prompt import Prompt
from momentvos.sam2.pyramid import Pyramid
from momentvos.sam2.remember import remember

__all__ = [
    "CERTAIN_SCORE",
    "NO_OBJECT_SCORE",
    "Decoded",
    "Prompt",
    "Pyramid",
    "Reading",
    "attend",
    "attend_unequal",
    "covered",
    "decode",
    "decode_mask",
    "encode",
    "fill_holes",
    "guided_filter",
    "pyramid",
    "remember",
    "stage",
    "stem",
    "to_bytes",
    "to_pixels",
    "top",
]
