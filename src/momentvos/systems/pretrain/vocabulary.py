"""The tokenizer of multimodal language models that start from scratch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from momentvos.mllm import train_chat_tokenizer
from momentvos.systems.momentseg import templates as momentseg
from momentvos.systems.vrshq import templates as vrshq

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

SIZE = 1600


def vocabulary() -> PreTrainedTokenizerBase:
    """A tokenizer that has MomentWorld's words as one token each.

    It is the same for all systems, so that one can start from another's language model.
    """
    from momentvos.data.world import WORDS
    from momentvos.data.world.qa import TEXTS

    words = [f" {word}" for word in WORDS()]
    templates = [*_sentences(vars(momentseg)), *_sentences(vars(vrshq))]
    return train_chat_tokenizer([*words * 4, *TEXTS, *templates], SIZE)


def _sentences(values: Mapping[str, object]) -> list[str]:
    """The sentences among a module's constants."""
    every = [value if isinstance(value, tuple) else (value,) for value in values.values()]
    texts = [text for row in every for text in row if isinstance(text, str) and " " in text]
    return [text.replace("{}", "") for text in texts if not text.startswith("/")]
