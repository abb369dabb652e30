"""Objective "patch_prompt": the dense prompt of a mask decoder that has been trained without it."""

from __future__ import annotations

from typing import Protocol

import torch
from torch import Tensor
from torch.nn import functional as F

from momentvos.data.batch import ClipBatch
from momentvos.data.precomputed import Precomputed
from momentvos.errors import RecipeError
from momentvos.sam2 import Prompt, Pyramid, attend, decode, encode, to_pixels
from momentvos.systems.losses import dice, focal
from momentvos.systems.patches.logits import read_sentences, window_features, window_scores
from momentvos.systems.patches.model import PatchModel

FRAMES, SENTENCES = 5, 6
"""Frames of a window that are segmented, and sentences about it."""
FOCAL = 5.0
"""Weight of the focal loss beside Dice."""


class Prompted(PatchModel, Protocol):
    """A system whose token prompts the mask decoder; see `MllmSystem`.

    multimask: whether the best of several masks is taken.
    """

    multimask: bool


@torch.no_grad()
def precompute_prompts(model: Prompted, batch: ClipBatch) -> Precomputed:
    """Features of some frames of a clip, scores of their patches, tokens and masks.

    The system's token is asked for without visual inputs. Raises RecipeError for a model without
    the part.
    """
    if model.patches is None:
        raise RecipeError('The objective "patch_prompt" is for a model with `patch_dim`.')
    pixels = to_pixels(batch.frames.flatten(0, 1)).to(model.dtype)
    pyramid = encode(model.sam, pixels)
    features = window_features(model, pixels, pyramid)
    some = batch.masks.flatten(1).any(1).nonzero()[:, 0]
    rows = some[torch.randperm(len(some))][:SENTENCES].to(batch.masks.device)
    frames = torch.randperm(len(pixels))[:FRAMES].sort().values.to(pixels.device)
    sentences = [batch.sentences[row] for row in rows.tolist()]
    side = tuple(pyramid.top.shape[-2:])
    masks = batch.masks[rows][:, frames].to(pixels)
    tensors = {f"level{place}": level[frames] for place, level in enumerate(pyramid.levels)}
    tensors["masks"] = F.interpolate(masks, pyramid.levels[0].shape[-2:], mode="area")
    tensors["maps"] = pixels.new_zeros(0, FRAMES, 2, *side)
    tensors["tokens"] = pixels.new_zeros(0, pyramid.top.shape[1])
    if sentences:
        first = torch.zeros(len(sentences), dtype=torch.long, device=pixels.device)
        scores = window_scores(model, features, read_sentences(model, sentences), first)
        maps = torch.stack([scores.active, scores.target], 2)[:, frames]
        tensors["maps"] = maps.unflatten(3, side)
        tensors["tokens"] = model.noun_prompts(sentences)
    return Precomputed(tensors)


def prompt_losses(model: Prompted, batch: Precomputed) -> dict[str, Tensor]:
    """Dice and focal loss of frames that are decoded alone, and "loss", their weighted sum."""
    assert model.patch_prompt is not None
    given = batch.tensors
    pyramid = Pyramid(tuple(given[f"level{place}"] for place in range(3)))
    maps, masks = given["maps"].flatten(0, 1), given["masks"].flatten(0, 1)
    count = len(pyramid)
    query = torch.arange(len(given["maps"]), device=maps.device).repeat_interleave(count)
    if not len(query):
        nothing = sum((one.sum() * 0.0 for one in model.patch_prompt.parameters()), maps.sum())
        assert isinstance(nothing, Tensor)
        return {"loss": nothing, "dice": nothing, "focal": nothing}
    tokens = given["tokens"][:, None].repeat_interleave(count, 0)
    prompt = Prompt(tokens=tokens, dense=model.patch_prompt(maps))
    rows = torch.arange(count, device=maps.device).repeat(len(given["maps"]))
    chosen = pyramid.select(rows)
    chosen = chosen.with_top(attend(model.sam, chosen.top))
    logits = decode(model.sam, chosen, prompt, multimask=model.multimask, gate=False).logits
    values = {"dice": dice(logits, masks, query), "focal": focal(logits, masks, query)}
    return {"loss": values["dice"] + FOCAL * values["focal"], **values}
