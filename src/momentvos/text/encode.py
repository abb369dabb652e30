"""Tokenization of sentences, with flags on the tokens of verbs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor
from transformers import PreTrainedTokenizerBase

from momentvos.errors import SentenceError
from momentvos.text.tagger import Tagger, VerbTagger
from momentvos.text.tagger import tagger as find_tagger


@dataclass(frozen=True)
class Tokens:
    """L sentences of N tokens each, padded on the right.

    texts     the normalised sentences
    ids       int64 [L,N]
    mask      bool [L,N], True = real token (``<s>`` and ``</s>`` included)
    offsets   int64 [L,N,2], first and last+1 character in ``texts``; (0, 0) for special tokens
    verbs     bool [L,N], True = part of a verb; all False without a tagger
    sentence_notes  remarks for the user per sentence, such as on truncation
    """

    texts: tuple[str, ...]
    ids: Tensor
    mask: Tensor
    offsets: Tensor
    verbs: Tensor
    sentence_notes: tuple[tuple[str, ...], ...]

    @property
    def notes(self) -> tuple[str, ...]:
        """Notes of all sentences."""
        return tuple(note for notes in self.sentence_notes for note in notes)

    def __len__(self) -> int:
        return len(self.texts)

    def select(self, rows: Sequence[int]) -> Tokens:
        """Select the sentences ``rows``, in that order, padded to the longest of them."""
        longest = int(self.mask[list(rows)].sum(1).max()) if len(rows) else 0
        return self._rows(rows, longest)

    def repeat(self, times: int) -> Tokens:
        """Repeat every sentence ``times`` times in a row: a, a, b, b."""
        return self._rows([row for row in range(len(self)) for _ in range(times)], None)

    def _rows(self, rows: Sequence[int], length: int | None) -> Tokens:
        index = torch.as_tensor(rows, dtype=torch.int64, device=self.ids.device)
        return replace(
            self._map(lambda part: part[index, :length]),
            texts=tuple(self.texts[row] for row in rows),
            sentence_notes=tuple(self.sentence_notes[row] for row in rows),
        )

    def to(self, device: torch.device | str) -> Tokens:
        """Copy to another device."""
        return self._map(lambda part: part.to(device))

    def _map(self, change: Callable[[Tensor], Tensor]) -> Tokens:
        return replace(
            self,
            ids=change(self.ids),
            mask=change(self.mask),
            offsets=change(self.offsets),
            verbs=change(self.verbs),
        )


def normalise(sentence: str, lower: bool = True, single_spaces: bool = True) -> str:
    """Lower the case and collapse white space, as SAMWISE trains; its inference does neither.

    Raises SentenceError when nothing remains, or when it is not text.
    """
    try:
        sentence.encode()
    except UnicodeEncodeError as error:
        raise SentenceError(
            "The sentence holds characters that are not text: type it again, in UTF-8."
        ) from error
    text = sentence.lower() if lower else sentence
    text = " ".join(text.split()) if single_spaces else text
    if not text.strip():
        raise SentenceError("The sentence is empty: say what to look for.")
    return text


def encode(
    tokenizer: PreTrainedTokenizerBase,
    sentences: Sequence[str],
    *,
    length: int,
    lower: bool = True,
    single_spaces: bool = True,
    tagger: VerbTagger | Tagger | None = None,
) -> Tokens:
    """Tokenize sentences and flag the tokens of their verbs.

    tokenizer  any fast tokenizer with RoBERTa's special tokens
    length     most tokens of a sentence, special ones included; longer ones are cut, with a note
    lower, single_spaces  see `normalise`
    tagger     "rules", "spacy", a custom tagger, or None to flag no verbs
    Raises SentenceError for an empty sentence, ModelError where spaCy is required and missing.
    """
    texts = tuple(normalise(sentence, lower, single_spaces) for sentence in sentences)
    coded = tokenizer(
        list(texts),
        truncation=True,
        max_length=length,
        padding=True,
        return_offsets_mapping=True,
        return_tensors="pt",
    )
    ids, mask, offsets = coded["input_ids"], coded["attention_mask"], coded["offset_mapping"]
    mask = mask.bool()
    verbs = torch.zeros_like(mask)
    if tagger is not None:
        find = find_tagger(tagger) if isinstance(tagger, str) else tagger
        for row, text in enumerate(texts):
            for start, stop in find(text):
                verbs[row] |= (offsets[row, :, 0] < stop) & (offsets[row, :, 1] > start)
    full = (mask.sum(1) == length).tolist()
    notes = tuple(
        _note(tokenizer, text, length) if cut else () for text, cut in zip(texts, full, strict=True)
    )
    return Tokens(texts, ids, mask, offsets, verbs, notes)


def _note(tokenizer: PreTrainedTokenizerBase, text: str, length: int) -> tuple[str, ...]:
    whole = len(tokenizer(text, verbose=False)["input_ids"])
    if whole <= length:
        return ()
    return (f"sentence too long: the first {length} of its {whole} tokens were read",)
