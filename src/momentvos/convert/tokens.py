"""RoBERTa's tokenizer, which checkpoints lack."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from transformers import AutoTokenizer, PreTrainedTokenizerBase, RobertaConfig

from momentvos.convert.available import roberta_advice
from momentvos.errors import ModelError
from momentvos.weights import check_files


def tokenizer(name: str | Path, config: RobertaConfig) -> PreTrainedTokenizerBase:
    """Load the tokenizer of a folder or hub id, and check its ids against `config`.

    Raises ModelError where it cannot be had, or is another one.
    """
    try:
        words = _find(str(name), config)
    except (OSError, ValueError, ImportError) as error:
        raise ModelError(roberta_advice(name)) from error
    want = (config.bos_token_id, config.pad_token_id, config.eos_token_id, config.vocab_size)
    have = (words.bos_token_id, words.pad_token_id, words.eos_token_id, len(words))
    if have != want:
        raise ModelError(
            f"The tokenizer '{name}' is not the one of this checkpoint: <s>, <pad>, </s> and the "
            f"number of tokens are {have} instead of {want}; give --tokenizer roberta-base."
        )
    return words


def _find(name: str, config: RobertaConfig) -> PreTrainedTokenizerBase:
    """From a folder, the hub's cache, or the hub. Raises OSError or ValueError.

    The hub is asked for one file first: without a network each of the tokenizer's dozen files
    would be tried again and again.
    """
    try:
        return _load(name, config, offline=True)
    except (OSError, ValueError):
        if Path(name).is_dir():
            raise
    from huggingface_hub import hf_hub_download

    with _quiet():
        hf_hub_download(name, "tokenizer_config.json")
    return _load(name, config, offline=False)


def _load(name: str, config: RobertaConfig, *, offline: bool) -> PreTrainedTokenizerBase:
    """Where there is nothing, ``transformers`` may make a tokenizer that knows no words."""
    check_files(name)
    words: PreTrainedTokenizerBase = AutoTokenizer.from_pretrained(
        name, config=config, local_files_only=offline
    )
    if len(words) <= len(words.all_special_tokens):
        raise OSError(f"{name} has no words")
    return words


@contextmanager
def _quiet() -> Iterator[None]:
    """Without the hub's warnings about every attempt."""
    from huggingface_hub.utils import logging

    before = logging.get_verbosity()
    logging.set_verbosity_error()
    try:
        yield
    finally:
        logging.set_verbosity(before)
