"""What places of pictures and films show, told a language model in its own words.

Not part of the papers, whose vision towers and language models are pretrained.
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
"""A place shows what covers so much of it, and nothing where all things cover less than that."""

FUNCTION = lexicon.DETERMINERS | lexicon.RELATIVES | lexicon.BE | {"in", "into", "to", "towards"}
"""Words that say nothing that can be seen."""

AXES = (("right", "left"), ("down", "up"), ("bigger", "smaller"))
DRIFT = (0.04, 0.04, 0.05)
"""Opposite words, and how much of each motion counts as one: sides of the frame, logs of sizes."""

READING = 0.5
"""What a state that exceeds by one in the direction of an axis says of it."""


def spoken(text: str) -> tuple[str, ...]:
    """The words of an expression that say what there is to see, in order, each once."""
    said = (word.text for word in words(text))
    return tuple(dict.fromkeys(one for one in said if one.isalpha() and one not in FUNCTION))


def spelled(tokenizer: PreTrainedTokenizerBase, word: str) -> list[int]:
    """The tokens of a word inside a text."""
    ids: list[int] = tokenizer.encode(f" {word}", add_special_tokens=False)
    return ids


def book(
    tokenizer: PreTrainedTokenizerBase, texts: Sequence[str], *, nothing: str = ""
) -> tuple[list[list[int]], list[int]]:
    """All that expressions say: of each its words' places in the book, and the book's tokens.

    One more comes last, for emptiness. nothing: the word that stands for it, "" for none.
    """
    said = [*(spoken(text) for text in texts), tuple(nothing.split())]
    ids = [[token for word in one for token in spelled(tokenizer, word)] for one in said]
    known = sorted({token for one in ids for token in one})
    return [[known.index(token) for token in one] for one in ids], known


def shares(masks: Tensor, grid: tuple[int, int, int], temporal: int) -> Tensor:
    """How much of each place is covered: bool [L, T, H, W] to [L, P], 0..1.

    grid: steps, rows and columns; a step has `temporal` frames, and the last frame fills it up.
    """
    missing = grid[0] * temporal - masks.shape[1]
    frames = torch.cat([masks, masks[:, -1:].expand(-1, missing, -1, -1)], 1)
    return F.adaptive_avg_pool3d(frames.float(), grid).flatten(1)


def naming(
    states: Tensor, covered: Tensor, said: Sequence[Sequence[int]], empty: Tensor, book: Tensor
) -> tuple[Tensor, Tensor]:
    """Cross entropy of the places' nearest words, and the share of places with a right one.

    Nearest are words by the product of the place's state, normalised, and the word's embedding at
    unit length. All words of a place weigh the same; places without a thing are to say the last
    words, and weigh a third.

    Args:
        states: [P, D], of the vision tower or the language model.
        covered: [L, P], 0..1, by what each of L expressions means.
        said: of each expression, and last of emptiness: places in the book.
        empty: [P], 0..1, how much of a place shows no thing.
        book: [W, D], embeddings of all these words. It does not learn.
    """
    wanted = states.new_zeros(len(states), len(book))
    for share, numbers in zip(covered, said[:-1], strict=True):
        wanted[:, list(numbers)] += (share > COVERED).to(wanted)[:, None]
    named, bare = wanted.any(1), empty > 1 - EMPTY
    wanted[:, list(said[-1])] += (bare & ~named).to(wanted)[:, None]
    wanted = wanted.clamp(max=1)
    weight = torch.where(named, 1.0, 1 / 3) * wanted.any(1)
    wanted = wanted / wanted.sum(1, keepdim=True).clamp(min=1)
    nearest = _level(states) @ F.normalize(book.detach().float(), dim=1).T
    entropy = -(wanted * nearest.log_softmax(1)).sum(1)
    right = wanted.gather(1, nearest.argmax(1, keepdim=True))[named, 0] > 0
    share = right.float().mean() if len(right) else entropy.new_zeros(())
    return (entropy * weight).sum() / weight.sum().clamp(min=1), share


def echoing(states: Tensor, said: Sequence[Sequence[int]], book: Tensor) -> Tensor:
    """Cross entropy of states' nearest words, which should be those of their own sentences.

    states: [Q, D]; said, book: as `naming` has them.
    """
    own = torch.eye(len(states), device=states.device)
    return naming(states, own, said, torch.zeros_like(own[0]), book)[0]


def drifts(things: Tensor) -> Tensor:
    """How things move from the first frame to the last: bool [O, T, H, W] to [O, 3].

    Right and down by sides of the frame, the logarithm of their growth; NaN where one is not seen
    in both frames.
    """
    ends = things[:, [0, -1]].float()
    area = ends.sum((2, 3))
    rows, columns = (
        torch.linspace(0, 1, side + 1, device=ends.device)[:-1] for side in ends.shape[2:]
    )
    right = (ends.sum(2) * columns).sum(2) / area
    down = (ends.sum(3) * rows).sum(2) / area
    return torch.stack([*(one.diff(dim=1)[:, 0] for one in (right, down, area.log() / 2))], 1)


def drifting(states: Tensor, covered: Tensor, moved: Tensor, axes: Tensor) -> Tensor:
    """Squared error of what places say of motion, in units of `DRIFT`.

    They say it by how much further they are towards one of two opposite words than to the other.

    states: [P, D]; covered: [O, P], 0..1, by each thing; moved: [O, 3], `drifts`; axes: [3, D],
    unit length. Places that no thing covers, or one that is not seen in both frames, do not count.
    """
    share, thing = covered.max(0)
    wanted = (moved / moved.new_tensor(DRIFT))[thing].clamp(-3, 3)
    known = (share > COVERED) & wanted.isfinite().all(1)
    said = READING * _level(states) @ axes.T
    error = (said - wanted)[known].square()
    return error.mean() if len(error) else said.sum() * 0


def _level(states: Tensor) -> Tensor:
    return F.layer_norm(states.float(), states.shape[-1:])
