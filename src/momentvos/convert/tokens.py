"""RoBERTa's tokenizer, which no checkpoint holds."""

from __future__ import annotations

from pathlib import Path

from transformers import AutoTokenizer, PreTrainedTokenizerBase, RobertaConfig

from momentvos.errors import ModelError


def tokenizer(name: str | Path, config: RobertaConfig) -> PreTrainedTokenizerBase:
    """The tokenizer in a folder or of a hub id, if its ids are those `config` was trained with.

    Raises ModelError where it cannot be had, or is another one.
    """
    try:
        found: PreTrainedTokenizerBase = AutoTokenizer.from_pretrained(name, config=config)
        words = len(found) - len(found.all_special_tokens)
    except (OSError, ValueError, ImportError) as error:
        raise ModelError(_advice(name)) from error
    if words <= 0:
        raise ModelError(_advice(name))
    want = (config.bos_token_id, config.pad_token_id, config.eos_token_id, config.vocab_size)
    have = (found.bos_token_id, found.pad_token_id, found.eos_token_id, len(found))
    if have != want:
        raise ModelError(
            f"The tokenizer '{name}' is not the one of this checkpoint: <s>, <pad>, </s> and the "
            f"number of tokens are {have} instead of {want}; give --tokenizer roberta-base."
        )
    return found


def _advice(name: str | Path) -> str:
    return (
        f"The tokenizer '{name}' cannot be had, and the checkpoint holds none: connect to the "
        "internet once, or fetch it elsewhere (`hf download roberta-base tokenizer.json "
        "tokenizer_config.json config.json --local-dir FOLDER`) and give --tokenizer FOLDER."
    )
