"""The mask decoder: features and a prompt to a mask, an object pointer and an object score."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from momentvos.sam2.choose import Candidates, best, first, stable_first
from momentvos.sam2.compiled import BATCHES, program
from momentvos.sam2.prompt import Prompt, embed
from momentvos.sam2.pyramid import Pyramid
from momentvos.sam2.two_way import two_way

if TYPE_CHECKING:
    from transformers import Sam2VideoModel

NO_OBJECT_SCORE = -1024.0
CERTAIN_SCORE = 10.0
"""The object score of a decoder that predicts none, as in Meta's code."""


@dataclass(frozen=True)
class Decoded:
    """Masks of `N` rows, each a frame for one object.

    logits `[N,h4,w4]`; iou `[N]` predicted quality; token `[N,C]` the mask's output token;
    pointer `[N,C]` object pointer for the bank; score `[N]` object score logits;
    early_pointer `[N,C]` mask token 0 after the first layer (on request);
    full `[N,S,S]` logits at input size, where they are not a resized `logits`.
    """

    logits: Tensor
    iou: Tensor
    token: Tensor
    pointer: Tensor
    score: Tensor
    early_pointer: Tensor | None = None
    full: Tensor | None = None


def decode(
    sam: Sam2VideoModel,
    pyramid: Pyramid,
    prompt: Prompt,
    multimask: bool = False,
    gate: bool = True,
    size: tuple[int, int] | None = None,
    mix_pointer: bool = True,
    early: bool = False,
    stable: bool = False,
    scored: bool = True,
) -> Decoded:
    """One mask a row.

    Args:
        pyramid: its top already attended.
        multimask: take the mask of best predicted IoU among tokens 1 to 3, not token 0.
        gate: where the object score is not positive, all logits become `NO_OBJECT_SCORE`.
        size: resize the logits bilinearly to `(height, width)`.
        mix_pointer: where the object score is not positive, the pointer is `no_object_pointer`.
        early: also return `early_pointer` (SAMWISE).
        stable: without `multimask`, replace an unstable token-0 mask by the best of 1 to 3
            (SAM2's dynamic multimask; its thresholds are the model's own).
        scored: ask for the object score; False leaves its token out, for a decoder that was
            trained without, and the score is `CERTAIN_SCORE`.
    """
    run = program(sam.mask_decoder, "decode", _decode, BATCHES)
    sparse, dense = embed(sam, prompt, len(pyramid))
    wishes = _Wishes(multimask, gate, size, mix_pointer, early, stable, scored)
    return Decoded(*run(sam, pyramid.levels, sparse, dense, wishes))


class _Wishes(NamedTuple):
    """Arguments of `decode` of these names."""

    multimask: bool
    gate: bool
    size: tuple[int, int] | None
    mix_pointer: bool
    early: bool
    stable: bool
    scored: bool


def _decode(
    sam: Sam2VideoModel,
    levels: tuple[Tensor, ...],
    sparse: Tensor,
    dense: Tensor,
    wishes: _Wishes,
) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor, Tensor | None]:
    """The fields of `Decoded`, but for `full`."""
    decoder = sam.mask_decoder
    pyramid = Pyramid(levels)
    multimask, gate, size, mix_pointer, early, stable, scored = wishes
    count = len(pyramid)
    learned = [decoder.iou_token.weight, decoder.mask_tokens.weight]
    if scored:
        learned.insert(0, decoder.obj_score_token.weight)
    tokens = torch.cat([torch.cat(learned).expand(count, -1, -1), sparse], dim=1)
    hidden, image, early_hidden = two_way(sam, tokens, pyramid.top + dense)

    if scored:
        score = decoder.pred_obj_score_head(hidden[:, 0])[:, 0]
        hidden, early_hidden = hidden[:, 1:], early_hidden[:, 1:]
    else:
        score = hidden.new_full((count,), CERTAIN_SCORE)
    candidates = Candidates(
        decoder,
        tokens=hidden[:, 1 : 1 + decoder.num_mask_tokens],
        iou=decoder.iou_prediction_head(hidden[:, 0]),
        pixels=_upscale(sam, image, pyramid),
    )
    choose = best if multimask else stable_first if stable else first
    logits, iou, token = choose(candidates)

    present = score > 0
    if gate:
        logits = logits.masked_fill(~present[:, None, None], NO_OBJECT_SCORE)
    if size is not None:
        logits = F.interpolate(logits[:, None].float(), size=size, mode="bilinear")[:, 0]
    pointer = _pointer(sam, token, present if mix_pointer else None)
    return logits, iou, token, pointer, score, early_hidden[:, 1] if early else None


def decode_mask(
    sam: Sam2VideoModel, pyramid: Pyramid, mask: Tensor, multimask: bool = True
) -> Decoded:
    """A given mask `[N,1,S,S]` (0 or 1) as the frame's result; the decoder only makes the pointer.

    `pyramid` is the plain one: a frame with a given mask reads no memory. `multimask` takes the
    pointer from the token of best predicted IoU as transformers does (Meta's code: token 0).
    """
    quarter = sam.prompt_encoder.mask_input_size
    full_size = (quarter[0] * 4, quarter[1] * 4)
    mask = mask.to(pyramid.top.dtype)
    present = mask.flatten(1).gt(0).any(dim=1)
    if mask.shape[-2:] != full_size:
        mask = _shrink(mask, full_size)
    full = mask * 20.0 - 10.0
    prompt = Prompt(mask=sam.mask_downsample(mask))
    decoded = decode(sam, pyramid, prompt, multimask=multimask, gate=False)
    pointer = torch.where(present[:, None], decoded.pointer, sam.no_object_pointer)
    return replace(
        decoded,
        logits=_shrink(full, quarter)[:, 0],
        iou=torch.ones_like(decoded.iou),
        pointer=pointer,
        score=present.to(full.dtype) * 20.0 - 10.0,
        full=full[:, 0],
    )


def _upscale(sam: Sam2VideoModel, image: Tensor, pyramid: Pyramid) -> Tensor:
    """Decoder features `[N,C,h,w]` to pixel embeddings `[N,C/8,4h,4w]`."""
    decoder = sam.mask_decoder
    high, middle = pyramid.levels[:2]
    x = decoder.upscale_layer_norm(decoder.upscale_conv1(image) + middle)
    pixels: Tensor = decoder.activation(decoder.upscale_conv2(decoder.activation(x)) + high)
    return pixels


def _pointer(sam: Sam2VideoModel, token: Tensor, present: Tensor | None) -> Tensor:
    pointer: Tensor = sam.object_pointer_proj(token)
    if present is None:
        return pointer
    return torch.where(present[:, None], pointer, sam.no_object_pointer)


def _shrink(mask: Tensor, size: tuple[int, int]) -> Tensor:
    """Resize `[N,1,H,W]` with anti-aliasing."""
    smaller = F.interpolate(
        mask.float(), size=size, mode="bilinear", align_corners=False, antialias=True
    )
    return smaller.to(mask.dtype)
