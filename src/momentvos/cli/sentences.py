"""The arguments SENTENCE: several words without quotes are likely one sentence.

Rule: it is asked where three or more of them in a row are of one word each, or where one of one
word means nothing alone (`FUNCTION_WORDS`). `dog cat` are two sentences; `-s` gives any as it is.
"""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Sequence
from itertools import groupby

import typer

from momentvos.errors import SentenceError
from momentvos.sentence import check, check_no_path

_LITTLE = """
a an the this that these those which who whose whom it its he she they his her their is are was were
be been being am has have had does do did of in on at to from with without by for into onto over
under behind beside between near and or but not as than while when where then der die das ein eine
le la les un une el los las una
"""
FUNCTION_WORDS = frozenset(_LITTLE.split())
IN_A_ROW = 3
HELP = 'What to find, in quotes: "the dog that jumps". Several may follow.'
ONE_VIDEO = "this verb takes one video; `momentvos batch` takes several, with sentences after -s"
MISSING = "Missing argument 'SENTENCE': say what to find, in quotes, like \"the dog that jumps\"."


def sentences(
    given: Sequence[str] | None, listed: Sequence[str] | None, words: Sequence[str]
) -> list[str]:
    """The sentences that are asked: arguments, then those of ``-s``.

    words: the command line, to show it with quotes.
    Raises SentenceError for one that cannot be asked or is a path, and where words look like one
    sentence and nobody can be asked which it is.
    """
    made = list(given or ())
    for one in (*made, *(listed or ())):
        check_no_path(one, ONE_VIDEO)
    if (run := _one_sentence(made)) is not None:
        start, end = run
        joined = " ".join(made[start:end])
        if _agreed(joined, made[start:end], words):
            made[start:end] = [joined]
    made += listed or ()
    return [check(one) for one in made]


def quoted(words: Sequence[str], run: Sequence[str], joined: str) -> str:
    """The command line with the words of `run` as one, as a shell of this system takes it."""
    words, run = list(words), list(run)
    place = next((k for k in range(len(words)) if words[k : k + len(run)] == run), None)
    if place is not None:
        words[place : place + len(run)] = [joined]
    else:  # options stand between them
        for word in run[1:]:
            words.reverse()
            words.remove(word)
            words.reverse()
        words[words.index(run[0])] = joined
    whole = ["momentvos", *words]
    if os.name == "nt":
        from subprocess import list2cmdline

        return list2cmdline(whole)
    return _joined(whole)


def _joined(words: Sequence[str]) -> str:
    """As `shlex.join`, with double quotes where they do."""
    plain = [
        f'"{word}"' if " " in word and not set(word) & set('"$`\\!') else shlex.quote(word)
        for word in words
    ]
    return " ".join(plain)


def _one_sentence(made: Sequence[str]) -> tuple[int, int] | None:
    """Start and end of arguments that look like the words of one sentence."""
    place = 0
    for single, group in groupby(made, key=lambda one: len(one.split()) == 1):
        words = list(group)
        if single and len(words) > 1:
            little = any(word.strip(".,!?").casefold() in FUNCTION_WORDS for word in words)
            if len(words) >= IN_A_ROW or little:
                return place, place + len(words)
        place += len(words)
    return None


def _agreed(joined: str, run: Sequence[str], words: Sequence[str]) -> bool:
    command = quoted(words, run, joined)
    if not (sys.stdin and sys.stdin.isatty() and sys.stderr.isatty()):
        each = " ".join(f"-s {shlex.quote(word)}" for word in run)
        raise SentenceError(
            f"Did you mean one sentence? Quote it: {command}. For {len(run)} sentences of one word "
            f"each, give {each}."
        )
    typer.echo(f"Did you mean one sentence? Quoted it is: {command}", err=True)
    return typer.confirm(f'Look for "{joined}"?', default=True, err=True)
