"""Yes or no, as a language model says it: by its logits, or by a word."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

BY_WORD = 2.0
"""Log-odds, either way, of a word alone."""
LEAST = 1e-6
"""Least probability that a word is taken to have."""
_AROUND = " \n\t.,!:;*\"'`▁Ġ"
"""What may stand around a word in its token, and two signs of tokenizers for a space."""
_WORD = re.compile(r"\W*(yes|no)\b", re.IGNORECASE)


@dataclass(frozen=True)
class YesNo:
    """A yes or a no.

    log_odds: of "yes" against "no". from_text: only the word is known, and not how sure it is.
    """

    log_odds: float
    from_text: bool = False


def by_word(text: str) -> YesNo | None:
    """What the first word of an answer says; None where it is neither."""
    found = _WORD.match(text)
    if found is None:
        return None
    return YesNo(BY_WORD if found[1].lower() == "yes" else -BY_WORD, from_text=True)


def by_top(top: Sequence[tuple[str, float]]) -> YesNo | None:
    """What the likeliest first tokens, with their log-probabilities, say; None for neither.

    A word that is not among them is at most as likely as the last of them, and as what is left.
    """
    shares = [(token.strip(_AROUND).lower(), math.exp(min(value, 0.0))) for token, value in top]
    yes, no = (sum(share for token, share in shares if token == word) for word in ("yes", "no"))
    if not yes and not no:
        return None
    left = 1 - sum(share for _, share in shares)
    bound = max(min(left, *(share for _, share in shares)), LEAST)
    return YesNo(math.log((yes or bound) / (no or bound)))


def by_logits(logits: Any, tokenizer: Any) -> YesNo | None:
    """What the logits [V] of the first token say; None where the tokenizer begins both alike."""
    import torch

    starts = [_starts(tokenizer, word) for word in ("yes", "no")]
    yes, no = starts[0] - starts[1], starts[1] - starts[0]
    if not yes or not no:
        return None
    masses = [torch.logsumexp(logits[sorted(one)].float(), 0) for one in (yes, no)]
    return YesNo(float(masses[0] - masses[1]))


def _starts(tokenizer: Any, word: str) -> set[int]:
    """First tokens of a word, in lower case or capitalised, with a space before it or none."""
    spellings = (word, word.capitalize(), f" {word}", f" {word.capitalize()}")
    encoded = (tokenizer.encode(one, add_special_tokens=False) for one in spellings)
    return {ids[0] for ids in encoded if ids}
