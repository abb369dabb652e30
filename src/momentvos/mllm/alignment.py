"""Word-patch alignment: what patches show, as the nearest words of the language model.

Trains vision towers from scratch. Not part of the papers, whose towers are pretrained.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor
from transformers import PreTrainedTokenizerBase

from momentvos.text import lexicon
from momentvos.text.rules import words

COVERED, EMPTY = 0.15, 0.02
"""A patch shows what covers more than the first share of it, and nothing below the second."""

FUNCTION_WORDS = (
    lexicon.DETERMINERS | lexicon.RELATIVES | lexicon.BE | {"in", "into", "to", "towards"}
)
"""Words without visible content."""

AXES = (("right", "left"), ("down", "up"), ("bigger", "smaller"))
MOTION_UNIT = (0.04, 0.04, 0.05)
"""Opposite words, and how much of each motion is one unit: sides of the frame, logs of sizes."""

MOTION_GAIN = 0.5
"""Units of motion per unit of a normalised state along an axis."""


def content_words(text: str) -> tuple[str, ...]:
    """The words of an expression with visible content, in order, each once."""
    every = (word.text for word in words(text))
    return tuple(dict.fromkeys(one for one in every if one.isalpha() and one not in FUNCTION_WORDS))


def word_tokens(tokenizer: PreTrainedTokenizerBase, word: str) -> list[int]:
    """Token ids of a word inside a text."""
    ids: list[int] = tokenizer.encode(f" {word}", add_special_tokens=False)
    return ids


def word_bank(
    tokenizer: PreTrainedTokenizerBase, texts: Sequence[str], *, nothing: str = ""
) -> tuple[list[list[int]], list[int]]:
    """The word tokens of all expressions together, and each expression's share of them.

    Args:
        tokenizer: of the language model.
        texts: expressions.
        nothing: the word for emptiness, "" for none.

    Returns:
        Per expression, and last for emptiness, the rows of its words in the bank; and the bank:
        token ids, ascending.
    """
    every = [*(content_words(text) for text in texts), tuple(nothing.split())]
    ids = [[token for word in one for token in word_tokens(tokenizer, word)] for one in every]
    bank = sorted({token for one in ids for token in one})
    return [[bank.index(token) for token in one] for one in ids], bank


def coverage(masks: Tensor, grid: tuple[int, int, int], temporal: int) -> Tensor:
    """Covered share of each patch: bool [L, T, H, W] to [L, P], 0..1.

    grid: steps, rows and columns; a step has `temporal` frames, and the last frame fills it up.
    """
    missing = grid[0] * temporal - masks.shape[1]
    frames = torch.cat([masks, masks[:, -1:].expand(-1, missing, -1, -1)], 1)
    return F.adaptive_avg_pool3d(frames.float(), grid).flatten(1)


def word_alignment_loss(
    states: Tensor,
    covered: Tensor,
    rows: Sequence[Sequence[int]],
    empty: Tensor,
    bank: Tensor,
) -> tuple[Tensor, Tensor]:
    """Cross entropy of the patches' nearest words, and the share of patches with a right one.

    The score of a word is the product of the patch's state, normalised, and the word's embedding
    at unit length. All words of a patch weigh the same. Empty patches have the last words as their
    target, and weigh a third.

    Args:
        states: [P, D], of the vision tower or the language model.
        covered: [L, P], 0..1, by the target of each of L expressions.
        rows: per expression, and last for emptiness, rows of the bank (`word_bank`).
        empty: [P], 0..1, share of a patch without any object.
        bank: [W, D], embeddings of the words, without gradient.
    """
    wanted = states.new_zeros(len(states), len(bank))
    for share, numbers in zip(covered, rows[:-1], strict=True):
        wanted[:, list(numbers)] += (share > COVERED).to(wanted)[:, None]
    named, bare = wanted.any(1), empty > 1 - EMPTY
    wanted[:, list(rows[-1])] += (bare & ~named).to(wanted)[:, None]
    wanted = wanted.clamp(max=1)
    weight = torch.where(named, 1.0, 1 / 3) * wanted.any(1)
    wanted = wanted / wanted.sum(1, keepdim=True).clamp(min=1)
    scores = _level(states) @ F.normalize(bank.detach().float(), dim=1).T
    entropy = -(wanted * scores.log_softmax(1)).sum(1)
    right = wanted.gather(1, scores.argmax(1, keepdim=True))[named, 0] > 0
    share = right.float().mean() if len(right) else entropy.new_zeros(())
    return (entropy * weight).sum() / weight.sum().clamp(min=1), share


def sentence_word_loss(states: Tensor, rows: Sequence[Sequence[int]], bank: Tensor) -> Tensor:
    """Cross entropy of the nearest words of Q states, each with its own sentence's as target.

    states: [Q, D]; rows, bank: as for `word_alignment_loss`.
    """
    own = torch.eye(len(states), device=states.device)
    return word_alignment_loss(states, own, rows, torch.zeros_like(own[0]), bank)[0]


def displacements(masks: Tensor) -> Tensor:
    """Motion of O objects from the first frame to the last: bool [O, T, H, W] to [O, 3].

    Right and down in sides of the frame, and the logarithm of their growth; NaN where an object is
    not visible in both frames.
    """
    ends = masks[:, [0, -1]].float()
    area = ends.sum((2, 3))
    rows, columns = (
        torch.linspace(0, 1, side + 1, device=ends.device)[:-1] for side in ends.shape[2:]
    )
    right = (ends.sum(2) * columns).sum(2) / area
    down = (ends.sum(3) * rows).sum(2) / area
    return torch.stack([*(one.diff(dim=1)[:, 0] for one in (right, down, area.log() / 2))], 1)


def motion_word_loss(states: Tensor, covered: Tensor, moved: Tensor, axes: Tensor) -> Tensor:
    """Squared error of the patches' motion along the axes of opposite words, in `MOTION_UNIT`.

    Patches that no object covers, or one that is not visible in both frames, do not count.

    Args:
        states: [P, D].
        covered: [O, P], 0..1, by each object.
        moved: [O, 3], of `displacements`.
        axes: [3, D], unit length, from the second word of each pair of `AXES` to the first.
    """
    share, owner = covered.max(0)
    wanted = (moved / moved.new_tensor(MOTION_UNIT))[owner].clamp(-3, 3)
    known = (share > COVERED) & wanted.isfinite().all(1)
    predicted = MOTION_GAIN * _level(states) @ axes.T
    error = (predicted - wanted)[known].square()
    return error.mean() if len(error) else predicted.sum() * 0


def _level(states: Tensor) -> Tensor:
    return F.layer_norm(states.float(), states.shape[-1:])
