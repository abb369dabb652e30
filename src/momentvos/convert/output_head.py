"""The output head of a language model in official files: its own weights, or the embeddings'."""

from __future__ import annotations

import torch
from torch import Tensor

TIED = "the input embeddings, to which it is tied"
"""Why a head is made that the files lack."""


def complete(given: dict[str, Tensor], head: str, embedding: str, mllm_config: object) -> bool:
    """Give `given` the head that it lacks, and say whether it was made so.

    head, embedding: official names. mllm_config: told where both are there and differ, or
    `transformers` would tie them.
    """
    if head not in given and embedding in given:
        given[head] = given[embedding]
        return True
    if embedding in given and not torch.equal(given[head], given[embedding]):
        mllm_config.tie_word_embeddings = False  # type: ignore[attr-defined]
    return False
