"""Multimodal language models (Qwen2.5-VL, Qwen3-VL): visual inputs, chats, states, LoRA."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from momentvos.mllm.chat import RenderedChat as RenderedChat
    from momentvos.mllm.chat import Turn as Turn
    from momentvos.mllm.chat import render_chat as render_chat
    from momentvos.mllm.forward import CachedStates as CachedStates
    from momentvos.mllm.forward import Generation as Generation
    from momentvos.mllm.forward import generate as generate
    from momentvos.mllm.forward import hidden_states as hidden_states
    from momentvos.mllm.forward import language_loss as language_loss
    from momentvos.mllm.forward import word_embeddings as word_embeddings
    from momentvos.mllm.forward import word_states as word_states
    from momentvos.mllm.inputs import Inputs as Inputs
    from momentvos.mllm.inputs import collate as collate
    from momentvos.mllm.lora import Lora as Lora
    from momentvos.mllm.lora import add_lora as add_lora
    from momentvos.mllm.lora import merge_lora as merge_lora
    from momentvos.mllm.sizes import qwen_config as qwen_config
    from momentvos.mllm.tokens import add_tokens as add_tokens
    from momentvos.mllm.tokens import fit_embeddings as fit_embeddings
    from momentvos.mllm.tokens import states_at as states_at
    from momentvos.mllm.visual_input import Budget as Budget
    from momentvos.mllm.visual_input import Patching as Patching
    from momentvos.mllm.visual_input import VisualInput as VisualInput
    from momentvos.mllm.visual_input import image_input as image_input
    from momentvos.mllm.visual_input import video_input as video_input
    from momentvos.mllm.vocabulary import train_chat_tokenizer as train_chat_tokenizer

_HOMES = {
    "Budget": "visual_input",
    "CachedStates": "forward",
    "Generation": "forward",
    "Inputs": "inputs",
    "Lora": "lora",
    "Patching": "visual_input",
    "RenderedChat": "chat",
    "Turn": "chat",
    "VisualInput": "visual_input",
    "add_lora": "lora",
    "add_tokens": "tokens",
    "collate": "inputs",
    "fit_embeddings": "tokens",
    "generate": "forward",
    "hidden_states": "forward",
    "image_input": "visual_input",
    "language_loss": "forward",
    "merge_lora": "lora",
    "qwen_config": "sizes",
    "render_chat": "chat",
    "states_at": "tokens",
    "train_chat_tokenizer": "vocabulary",
    "video_input": "visual_input",
    "word_embeddings": "forward",
    "word_states": "forward",
}
__all__ = [
    "Budget",
    "CachedStates",
    "Generation",
    "Inputs",
    "Lora",
    "Patching",
    "RenderedChat",
    "Turn",
    "VisualInput",
    "add_lora",
    "add_tokens",
    "collate",
    "fit_embeddings",
    "generate",
    "hidden_states",
    "image_input",
    "language_loss",
    "merge_lora",
    "qwen_config",
    "render_chat",
    "states_at",
    "train_chat_tokenizer",
    "video_input",
    "word_embeddings",
    "word_states",
]


def __getattr__(name: str) -> Any:
    """Resolve a public name on first use, so that nothing heavy loads before it is needed."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = value
    return value
