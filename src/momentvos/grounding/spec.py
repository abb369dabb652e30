"""Parser of `--grounder`; see docs/grounding.md for the grammar."""

from __future__ import annotations

import re
from functools import cache

from momentvos.errors import ModelError
from momentvos.grounding.part import FIXED, Part, Spec
from momentvos.grounding.registry import GrounderEntry, grounders
from momentvos.suggestion import did_you_mean

ALIASES = {"tam": "model", "siglip": "siglip2"}
FALLBACKS = ("or-all", "or-none")

_TAIL = r"(?P<tail>(?::\d{1,6}|@\d*\.?\d+|~[a-z-]+)*)"
_PART = re.compile(rf"(?P<name>[a-z0-9.-]+)(?:=(?P<source>.+?))?{_TAIL}")
_OPTION = re.compile(r"[:@~][^:@~]+")
_MOMENT = re.compile(r"[\d.hms:;,\s–>-]*\d[\d.hms:;,\s–>-]*")


def parse(text: str) -> Spec:
    """Read `NAME[=SOURCE][:K][@THRESHOLD][~WORD...]`, or a moment; several joined by `+`.

    Raises ModelError that names the part at fault and what would do.
    """
    if not text.strip().isprintable():
        raise ModelError("A grounder is written in one line of printable characters, like clip:4.")
    joint = _joint((*grounders(), *ALIASES))
    return Spec(tuple(_part(part.strip()) for part in joint.split(text.strip())))


@cache
def _joint(names: tuple[str, ...]) -> re.Pattern[str]:
    """A `+` before one of the names or a moment; sources may hold others."""
    known = "|".join(map(re.escape, sorted(names, key=len, reverse=True)))
    return re.compile(rf"\+(?=(?:{known})(?:[=:@~+]|$)|[\d.-][\d.hms:;,\s–>-]*(?:\+|$))")


def _part(text: str) -> Part:
    if _MOMENT.fullmatch(text):
        return Part(FIXED, text)
    match = _PART.fullmatch(text)
    name = match["name"] if match else re.split(r"[=:@~+]", text)[0]
    name = ALIASES.get(name, name)
    if name not in grounders():
        raise ModelError(_unknown(name))
    if match is None:
        raise ModelError(
            f"'{text}' is not how a grounder is written: NAME, NAME=FOLDER, NAME:4 (frames) or "
            "NAME@0.5 (relevance), two of them joined by +."
        )
    part = Part(name, match["source"])
    for option in _OPTION.findall(match["tail"]):
        part = _with(part, option, text)
    _check(part, grounders()[name], text)
    return part


def _with(part: Part, option: str, text: str) -> Part:
    sign, value = option[0], option[1:]
    k, threshold, words = part.k, part.threshold, part.words
    if (sign == ":" and k is not None) or (sign == "@" and threshold is not None):
        raise ModelError(f"The grounder '{text}' says '{sign}' twice.")
    if sign == ":":
        k = int(value)
    elif sign == "@":
        threshold = float(value)
    else:
        words = (*words, value)
    return Part(part.name, part.source, k, threshold, words)


def _check(part: Part, entry: GrounderEntry, text: str) -> None:
    name = part.name
    if part.source is None and entry.source == "required":
        raise ModelError(f"The grounder '{name}' needs to be told more: {entry.source_hint}.")
    if part.source is not None and entry.source == "none":
        raise ModelError(f"The grounder '{name}' takes no '={part.source}'.")
    if part.k is not None and (part.k < 1 or not entry.top_k):
        raise ModelError(f"The grounder '{text}' cannot choose {part.k} frames.")
    if part.threshold is not None and not (entry.threshold and 0 <= part.threshold < 1):
        able = ", ".join(one for one, known in grounders().items() if known.threshold)
        raise ModelError(
            f"The grounder '{text}' cannot choose by relevance: @0 to @0.99 goes with {able}."
        )
    if part.k is not None and part.threshold is not None:
        raise ModelError(f"The grounder '{text}' chooses either by ':' or by '@', not by both.")
    known = (*entry.words, *(FALLBACKS if entry.fallback else ()))
    for word in part.words:
        if word not in known:
            choice = f"choose {', '.join('~' + one for one in known)}" if known else "it has none"
            raise ModelError(f"The grounder '{name}' has no option '~{word}': {choice}.")
    fallbacks = sum(word in FALLBACKS for word in part.words)
    if fallbacks > 1 or len(part.words) - fallbacks > 1:
        raise ModelError(f"The grounder '{text}' has two options of which only one can hold.")


def _unknown(name: str) -> str:
    meant = did_you_mean(name, (*grounders(), *ALIASES))
    return (
        f"There is no grounder '{name}'{meant} Choose {', '.join(grounders())}, or give a moment "
        "such as 40:62 or 3.2s-5.0s."
    )
