"""Pretext tasks "names" and "motions" of a multimodal language model's vision tower."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from momentvos.errors import RecipeError
from momentvos.mllm import (
    Budget,
    Patching,
    Turn,
    image_input,
    render_chat,
    states_at,
    video_input,
)
from momentvos.mllm.alignment import (
    AXES,
    coverage,
    displacements,
    motion_word_loss,
    word_alignment_loss,
    word_bank,
    word_tokens,
)
from momentvos.mllm.chat import PADS
from momentvos.mllm.chatunivi import ChatUniViConfig

if TYPE_CHECKING:
    from momentvos.data.batch import ClipBatch
    from momentvos.mllm.inputs import Inputs

OBJECTIVES = ("names", "motions")
NOTHING = "nothing"
"""The word of patches without any object."""


def losses(model: Any, batch: ClipBatch, objective: str) -> dict[str, Tensor]:
    """Word-patch alignment of images and videos (`momentvos.mllm.alignment`).

    "names": a patch is aligned with all words of the expressions whose target it covers, in the
    vision tower's states and in the language model's last ones, before any question. "motions": in
    the tower's alone, which also learn the displacement of objects from first to last frame.
    "tower" and "language" are the shares of patches whose nearest word is right. Raises RecipeError
    for Chat-UniVi, whose tower is CLIP's.
    """
    config = model.config.mllm_config
    if isinstance(config, ChatUniViConfig):
        raise RecipeError(f'The objective "{objective}" is for a language model of Qwen\'s kind.')
    patching, count = Patching.of(config), batch.frames.shape[1]
    kind, temporal = ("video", patching.temporal) if count > 1 else ("image", 1)
    rows, columns = (max(side // patching.side, 1) for side in batch.frames.shape[-2:])
    grid, budget = (-(-count // temporal), rows, columns), Budget(1, rows * columns)
    inputs_of = [
        video_input(one, patching, budget)
        if kind == "video"
        else image_input(one[0], patching, budget)
        for one in batch.frames.permute(0, 1, 3, 4, 2)
    ]
    inputs = model.inputs([render_chat(model.words, [Turn((one,))]) for one in inputs_of])
    tower = _tower_states(model, inputs)
    every = {"tower": tower}
    if objective == "names":
        pad = model.words.convert_tokens_to_ids(PADS[kind])
        every["language"] = _last_states(model, inputs, tower, pad)
    rows_of, bank = word_bank(model.words, batch.sentences, nothing=NOTHING)
    words = model.mllm.get_input_embeddings().weight[torch.tensor(bank, device=batch.masks.device)]
    covered, empty = (
        coverage(masks, grid, temporal) for masks in (batch.active, batch.objects == 0)
    )
    values: dict[str, list[Tensor]] = {name: [] for name in ("loss", *every)}
    for number, objects in enumerate(batch.object_masks()):
        queries = (batch.video == number).nonzero()[:, 0].tolist()
        here = [*(rows_of[query] for query in queries), rows_of[-1]]
        for name, states in every.items():
            loss, right = word_alignment_loss(
                states[number], covered[queries], here, empty[number], words
            )
            values["loss"].append(loss)
            values[name].append(right)
        if objective == "motions":
            moved, axes = displacements(objects), _axes(model)
            values.setdefault("motion", []).append(
                motion_word_loss(tower[number], coverage(objects, grid, temporal), moved, axes)
            )
    means = {name: torch.stack(one).mean() for name, one in values.items()}
    return means | {"loss": means["loss"] * len(every) + 2 * means.get("motion", 0.0)}


def _tower_states(model: Any, inputs: Inputs) -> list[Tensor]:
    """The vision tower's output for the language model, [P, D] of each image or video."""
    if inputs.pixel_values is not None:
        made = model.mllm.model.get_image_features(inputs.pixel_values, inputs.image_grid_thw)
    else:
        given = inputs.pixel_values_videos, inputs.video_grid_thw
        made = model.mllm.model.get_video_features(*given)
    return list(made.pooler_output)


def _last_states(model: Any, inputs: Inputs, tower: Sequence[Tensor], pad: int) -> list[Tensor]:
    """The language model's last states at the tokens `pad`, [P, D] of each image or video."""
    embeddings = model.mllm.get_input_embeddings()(inputs.ids)
    visual = (inputs.ids == pad)[..., None]
    out = model.mllm.model(
        inputs_embeds=embeddings.masked_scatter(visual, torch.cat(list(tower)).to(embeddings)),
        attention_mask=inputs.mask.long(),
        position_ids=inputs.positions,
        use_cache=False,
    )
    return states_at(out.last_hidden_state, inputs.ids, pad)


def _axes(model: Any) -> Tensor:
    """The directions between opposite words, unit length [3, D]."""
    embeddings = model.mllm.get_input_embeddings().weight.detach().float()
    ends = [[embeddings[word_tokens(model.words, word)].mean(0) for word in pair] for pair in AXES]
    unit = torch.nn.functional.normalize
    return unit(torch.stack([unit(a, dim=0) - unit(b, dim=0) for a, b in ends]), dim=1)
