"""Chats with visual inputs in Vicuna's template (LLaVA's ``llava_v1``)."""

from __future__ import annotations

import re
from collections.abc import Sequence

from transformers import PreTrainedTokenizerBase

from momentvos.mllm.chat import IGNORED, RenderedChat, Turn
from momentvos.mllm.chatunivi.config import IMAGE, VIDEO
from momentvos.mllm.visual_input import VisualInput

SYSTEM = (
    "A chat between a curious human and an artificial intelligence assistant. "
    "The assistant gives helpful, detailed, and polite answers to the human's questions."
)
IDS = {"image": IMAGE, "video": VIDEO}


def render_chat(
    tokenizer: PreTrainedTokenizerBase, turns: Sequence[Turn], system: str | None = SYSTEM
) -> RenderedChat:
    """Render turns as tokens, like :func:`momentvos.mllm.render_chat` for Qwen.

    Names of special tokens inside a question are plain text; in an answer they are those tokens,
    without the spaces around them. Text between visual inputs and special tokens is encoded piece
    by piece, each as if it began a text: so the slow Llama tokenizer does, with which the official
    models were trained.
    """
    ids: list[int] = []
    labels: list[int] = []
    visuals: list[VisualInput] = []
    runs: list[tuple[int, int]] = []

    def put(tokens: Sequence[int], learned: bool = False) -> None:
        ids.extend(tokens)
        labels.extend(tokens if learned else [IGNORED] * len(tokens))

    if tokenizer.bos_token_id is not None:
        put([tokenizer.bos_token_id])
    text = "" if system is None else f"{system} "
    for turn in turns:
        text += "USER: "
        for part in turn.question:
            if isinstance(part, str):
                text += part
                continue
            put(_plain(tokenizer, text))
            text = ""
            visuals.append(part)
            runs.append((len(ids), len(visuals) - 1))
            put([IDS[part.kind]] * part.tokens)
        put(_plain(tokenizer, f"{text} ASSISTANT:"))
        text = ""
        if turn.answer is not None:
            put([*_marked(tokenizer, turn.answer), tokenizer.eos_token_id], learned=True)
    return RenderedChat(tuple(ids), tuple(labels), tuple(visuals), tuple(runs))


def _plain(tokenizer: PreTrainedTokenizerBase, text: str) -> list[int]:
    if not text:
        return []
    encoded: list[int] = tokenizer.encode(text, add_special_tokens=False, split_special_tokens=True)
    return encoded


def _marked(tokenizer: PreTrainedTokenizerBase, text: str) -> list[int]:
    """Text with names of special tokens in it."""
    names = sorted(tokenizer.get_added_vocab(), key=len, reverse=True)
    ids: list[int] = []
    for piece in re.split(f"({'|'.join(map(re.escape, names))})" if names else "$^", text):
        if piece in names:
            ids.append(tokenizer.convert_tokens_to_ids(piece))
        else:
            ids.extend(_plain(tokenizer, piece.strip()))
    return ids
