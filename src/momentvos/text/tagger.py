"""Verb taggers: rules, or spaCy."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Literal, Protocol

from momentvos.errors import ModelError
from momentvos.text.rules import verb_spans

if TYPE_CHECKING:
    from spacy.language import Language

VerbTagger = Literal["rules", "spacy"]
Span = tuple[int, int]


class Tagger(Protocol):
    """Protocol of a verb tagger; auxiliaries are no verbs."""

    def __call__(self, text: str) -> tuple[Span, ...]:
        """First and last+1 character of every verb of ``text``, in order."""
        ...


def tagger(name: VerbTagger) -> Tagger:
    """Look up a tagger by name.

    "rules"  the built-in one: a lexicon and English morphology, for expressions about motion
    "spacy"  spaCy's ``en_core_web_sm``, as SAMWISE uses it
    Raises ModelError when spaCy or its model is not installed.
    """
    if name == "rules":
        return verb_spans
    if name == "spacy":
        _pipeline()
        return _spacy_spans
    raise ValueError(f"a verb tagger is 'rules' or 'spacy', not {name!r}")


@lru_cache(maxsize=1)
def _pipeline() -> Language:
    try:
        import spacy

        return spacy.load("en_core_web_sm", exclude=["parser", "ner", "lemmatizer"])
    except (ImportError, OSError) as error:
        raise ModelError(
            "Finding verbs with spaCy needs spaCy and its model en_core_web_sm: run 'pip install "
            "spacy' and 'python -m spacy download en_core_web_sm', or use the tagger 'rules'."
        ) from error


@lru_cache(maxsize=4096)
def _spacy_spans(text: str) -> tuple[Span, ...]:
    return tuple((w.idx, w.idx + len(w.text)) for w in _pipeline()(text) if w.pos_ == "VERB")
