"""Added special tokens of a language model, and its states at them."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from momentvos.weights import check_ids


def add_tokens(tokenizer: PreTrainedTokenizerBase, names: Sequence[str]) -> dict[str, int]:
    """Add `names` as special tokens where they are missing; return their ids by name."""
    missing = [name for name in names if name not in tokenizer.get_vocab()]
    tokenizer.add_tokens(missing, special_tokens=True)
    return {name: int(tokenizer.convert_tokens_to_ids(name)) for name in names}


def fit_embeddings(mllm: PreTrainedModel, tokenizer: PreTrainedTokenizerBase) -> None:
    """Give every token a row of the embeddings; spare rows stay (Qwen2.5 has some 400).

    Raises ModelError for a tokenizer whose ids are no row of numbers from 0 on.
    """
    rows = mllm.get_input_embeddings().weight.shape[0]
    if len(tokenizer) > rows:
        mllm.resize_token_embeddings(len(tokenizer))
    check_ids(mllm.config.name_or_path, tokenizer, max(rows, len(tokenizer)))


def states_at(hidden: Tensor, ids: Tensor, token: int, *, shifted: bool = False) -> list[Tensor]:
    """States [n, D] of a token in each row, in order of its places.

    Args:
        hidden: last layer's states [B, L, D].
        ids: int64 [B, L].
        token: which.
        shifted: take the state that predicts the token, one place before it (LISA, VISA,
            VRS-HQ), instead of the one at its own place (Sa2VA, MomentSeg). A token in the first
            place has no such state and is left out.
    """
    hits = ids == token
    if shifted:
        hits = torch.cat([hits[:, 1:], torch.zeros_like(hits[:, :1])], 1)
    return [row[where] for row, where in zip(hidden, hits, strict=True)]
