"""Multimodal language models (Qwen2.5-VL, Qwen3-VL): pictures, conversations, states, LoRA."""

from momentvos.mllm.chat import Turn, Written, write
from momentvos.mllm.forward import (
    Answer,
    Heard,
    answer,
    hidden_states,
    language_loss,
    word_states,
)
from momentvos.mllm.inputs import Inputs, collate
from momentvos.mllm.lora import Lora, add_lora, merge_lora
from momentvos.mllm.picture import Budget, Patching, Picture, film, picture
from momentvos.mllm.sizes import qwen_config
from momentvos.mllm.tokens import add_tokens, fit_embeddings, states_at
from momentvos.mllm.vocabulary import train_chat_tokenizer

__all__ = [
    "Answer",
    "Budget",
    "Heard",
    "Inputs",
    "Lora",
    "Patching",
    "Picture",
    "Turn",
    "Written",
    "add_lora",
    "add_tokens",
    "answer",
    "collate",
    "film",
    "fit_embeddings",
    "hidden_states",
    "language_loss",
    "merge_lora",
    "picture",
    "qwen_config",
    "states_at",
    "train_chat_tokenizer",
    "word_states",
    "write",
]
