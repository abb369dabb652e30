"""Visual inputs and chat template of the language model behind VRS-HQ."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray
from torch import Tensor

from momentvos import mllm
from momentvos.mllm import Patching, RenderedChat, Turn, VisualInput, chatunivi

if TYPE_CHECKING:
    from momentvos.systems.vrshq.model import VrsHqModel


def image_input(model: VrsHqModel, rgb: NDArray[Any] | Tensor, *, alone: bool) -> VisualInput:
    """One frame, uint8 [H, W, 3], of a video or alone, which may take more tokens."""
    config = model.config.mllm_config
    if isinstance(config, chatunivi.ChatUniViConfig):
        return chatunivi.image_input(rgb, config, model.config.image_resizer)
    budget = model.config.budget("picture" if alone else "image")
    return mllm.image_input(rgb, Patching.of(config), budget, model.config.image_resizer)


def render(model: VrsHqModel, turns: Sequence[Turn]) -> RenderedChat:
    """A conversation in tokens: Vicuna's for Chat-UniVi, else ChatML."""
    if isinstance(model.config.mllm_config, chatunivi.ChatUniViConfig):
        return chatunivi.render_chat(model.words, turns)
    return mllm.render_chat(model.words, turns)
