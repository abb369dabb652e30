"""Questions to language models about candidates, in wording of our own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from momentvos.json_text import to_text
from momentvos.systems.tracks.pictures import colour

Box = tuple[int, int, int, int]


@dataclass(frozen=True)
class Candidate:
    """A candidate as a question names it.

    number: from 1. frame: which of the pictures shows it best, from 1. box: (left, top, right,
    bottom) there, in thousandths of the picture's width and height.
    """

    number: int
    frame: int
    box: Box


def label(number: int, second: float) -> str:
    """Text before a picture; numbers begin at 1."""
    return f"Frame {number}, {second:.2f} s: "


def which(sentence: str, candidates: Sequence[Candidate], noun: str) -> str:
    """Which of the outlined objects a sentence means, in JSON."""
    return (
        "These are frames of one video, in order. Candidates are outlined and numbered; each "
        "keeps its number and its colour. Boxes are [left, top, right, bottom] in thousandths of "
        "the frame.\n" + "\n".join(map(_line, candidates)) + f"\nSomeone says: {quoted(sentence)}\n"
        f"Which candidates are the {noun} that is meant, judged by what they look like and do over "
        "the whole video? Other objects that the sentence mentions are not meant. Put every number "
        'into exactly one of the lists: "true" (it is meant at some time), "false" (it never is), '
        '"unknown" (these frames do not show it). "none" is true if all are in "false". Answer '
        'with nothing but JSON, for example {"true": [1], "false": [2], "unknown": [], "none": '
        "false}."
    )


def closer(candidate: int) -> str:
    """Text before the pictures of one candidate without outlines."""
    return f"Candidate {candidate}, without outline, in its surroundings and alone: "


def during(sentence: str) -> str:
    """Whether a sentence holds in some neighbouring frames."""
    return (
        "These are neighbouring frames of a video, in order. What the sentence is about is "
        f"outlined.\nSomeone says: {quoted(sentence)}\n"
        "Is that what is happening in these very frames? Answer yes or no."
    )


def is_it(sentence: str, candidate: Candidate) -> str:
    """Whether a sentence means the one object that is outlined."""
    return (
        "These are frames of a video, in order. One object is outlined; left and right are those "
        "of the picture. Its box is in thousandths of the frame.\n"
        f"{_line(candidate)}\nSomeone says: {quoted(sentence)}\n"
        "Does the sentence mean the object that is outlined? Answer yes or no."
    )


def words(sentence: str) -> str:
    """The words of a sentence, in JSON."""
    return (
        f"Someone asks for something in a video: {quoted(sentence)}\n"
        'Name what is asked for. Answer with nothing but JSON of four entries: "noun" (one noun '
        'in the singular that a detector of objects knows), "hypernym" (a wider class, or ""), '
        '"subject" (the noun with its adjectives), "references" (a list of other objects that the '
        'sentence mentions). For example {"noun": "dog", "hypernym": "animal", "subject": '
        '"red dog", "references": ["cat"]}.'
    )


def _line(one: Candidate) -> str:
    shown = f"best seen in frame {one.frame} at {list(one.box)}"
    return f"{one.number}: {colour(one.number)[0]} outline, {shown}"


def quoted(sentence: str) -> str:
    """A sentence as a JSON string, so that it cannot end its own quotation."""
    return to_text(sentence, ensure_ascii=False)
