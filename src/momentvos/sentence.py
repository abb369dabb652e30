"""A sentence that is asked: its limits, and its plain form without decoration."""

from __future__ import annotations

import os
import re
import unicodedata
from pathlib import Path

from momentvos.errors import SentenceError
from momentvos.ranges import shown

MOST_CHARACTERS = 2000
MOST_WORDS = 200

_BRACKETS = {")": "(", "]": "[", "}": "{"}
_KEPT = frozenset("%#&@+")
"""Punctuation and symbols that say something by themselves: "50 % & more"."""
_MEANT = re.compile(r"(\d ?|\b[^\W\d_])[%#&@+$€£¥]{1,2}$")
"""Such ones at the end, behind a number or one letter: "50 %", "C++"."""
_SPELLINGS = str.maketrans("’‘ʼ“”„«»–—−", '\'\'\'"""""---')
_EMOTICON = re.compile(
    r"[:;=][-^'o*]?[A-Za-z0-9|/\\()\[\]{}<>*@$]"  # :D ;-) =3
    r"|:([\w+-]+:+)+|xD+|XD+|</?3+"
    r"|\(?[\^>*;][_.oO]*[\^<*;]\)?|[oOT0]_+[oOT0]"  # (^o^) >_< o_O
)
_RUN = re.compile(r"([!?,;:~*_'-])\1+")
_ELLIPSIS = re.compile(r"\.(?:\s*\.)+")


def check(sentence: str) -> str:
    """The sentence as it is. Raises SentenceError where it is empty, too long, or not text."""
    if not isinstance(sentence, str):
        raise SentenceError(f"A sentence is text, not {type(sentence).__name__}.")
    try:
        sentence.encode()
    except UnicodeEncodeError:
        raise SentenceError(
            "The sentence holds characters that are not text: type it again, in UTF-8."
        ) from None
    words = sentence.split()
    if not words:
        raise SentenceError('The sentence is empty: say what to find, like "the dog that jumps".')
    if len(words) > MOST_WORDS:
        raise SentenceError(
            f"The sentence has {len(words)} words, the most is {MOST_WORDS}: say it shorter."
        )
    if len(sentence) > MOST_CHARACTERS:
        raise SentenceError(
            f"The sentence has {len(sentence)} characters, the most is {MOST_CHARACTERS}: say it "
            "shorter."
        )
    return sentence


def check_no_path(
    sentence: str, remedy: str = 'say what to find, like "the dog that jumps"'
) -> str:
    """The sentence as it is. Raises SentenceError where it is the path of a file or folder here.

    A word without a suffix stays a sentence, whatever is called so in the current folder. Not for
    sentences from other machines, which would learn which files there are.

    remedy: what to do, the end of a sentence.
    """
    path = Path(sentence.strip())
    named = bool(path.suffix) or bool({"/", os.sep} & set(sentence))
    if named and os.path.exists(path):  # noqa: PTH110  (Path's raises where a name is too long)
        kind = "folder" if path.is_dir() else "file"
        raise SentenceError(f"{shown(sentence)} is a {kind}, not a sentence; {remedy}.")
    return sentence


def plain(sentence: str) -> str:
    """The sentence without decoration: what models that were trained on bare sentences read.

    Emoji, emoticons and other pictures, invisible characters, marks around the sentence and marks
    that are doubled or stand alone are left out; typographic letters, quotes and dashes take their
    plain form; spaces are single. Letters, their case, and marks inside of words stay.

    Raises SentenceError where no letter or digit is left.
    """
    text = sentence
    while (barer := _barer(text)) != text:  # a letter left out may join what stood around it
        text = barer
    if not any(letter.isalnum() for letter in text):
        raise SentenceError('The sentence holds no word: say what to find, like "the dog".')
    return text


def reading_note(sentence: str, text: str) -> tuple[str, ...]:
    """A note for the user where `text`, what was read, lacks more than spaces and a final mark."""
    bare = unicodedata.normalize("NFC", " ".join(sentence.split()))
    alike = text == sentence or text in (bare, bare[:-1])
    return () if alike else (f"the sentence was read as “{text}”",)


def _barer(sentence: str) -> str:
    words = [w for w in sentence.split() if not _EMOTICON.fullmatch(w.rstrip("!?.,"))]
    shown = "".join(map(_shown, " ".join(words).translate(_SPELLINGS)))
    text = _ELLIPSIS.sub(" ", unicodedata.normalize("NFKC", shown).translate(_SPELLINGS))
    words = _RUN.sub(r"\1", text.replace('"', "")).split()
    words = [word.lstrip("*_").rstrip("!?~*_") for word in words]
    words = [word for word in words if not all(map(_is_mark, word)) or word in _KEPT]
    return _without_marks_around(" ".join(words))


def _shown(letter: str) -> str:
    """A space for a picture, nothing for what is invisible, else the letter itself."""
    kind = unicodedata.category(letter)
    if letter == "\N{ZERO WIDTH SPACE}" or kind in ("So", "Sk", "Co", "Cn", "Cc"):
        return " "
    joins = kind in ("Cf", "Me") or 0xFE00 <= ord(letter) <= 0xFE0F
    return "" if joins else letter


def _without_marks_around(text: str) -> str:
    while text and (_is_mark(text[0]) and text[0] not in _KEPT):
        if text[0] in _BRACKETS.values() and _closes_inside(text):
            break
        text = text[1:].lstrip()
    while (
        text
        and (_is_mark(text[-1]) or unicodedata.category(text[-1]) == "Sc")
        and not _MEANT.search(text)
    ):
        if _BRACKETS.get(text[-1], text[-1]) in text[:-1] and text[-1] in _BRACKETS:
            break  # it closes what was opened inside
        text = text[:-1].rstrip()
    return text


def _closes_inside(text: str) -> bool:
    """Whether the bracket that a text begins with is closed before its end."""
    closing = next(mark for mark, opening in _BRACKETS.items() if opening == text[0])
    return 0 < text.find(closing) < len(text) - 1


def _is_mark(letter: str) -> bool:
    return unicodedata.category(letter)[0] in "PS" and unicodedata.category(letter) != "Sc"
