"""Multimodal language models (Qwen2.5-VL, Qwen3-VL): visual inputs, chats, states, LoRA."""

from momentvos.mllm.chat import RenderedChat, Turn, render_chat
from momentvos.mllm.forward import (
    CachedStates,
    Generation,
    generate,
    hidden_states,
    language_loss,
    word_states,
)
from momentvos.mllm.inputs import Inputs, collate
from momentvos.mllm.lora import Lora, add_lora, merge_lora
from momentvos.mllm.sizes import qwen_config
from momentvos.mllm.tokens import add_tokens, fit_embeddings, states_at
from momentvos.mllm.visual_input import Budget, Patching, VisualInput, image_input, video_input
from momentvos.mllm.vocabulary import train_chat_tokenizer

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
    "word_states",
]
