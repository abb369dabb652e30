"""Inflected forms of English verbs."""

from __future__ import annotations

from functools import lru_cache

from momentvos.text import lexicon

_VOWELS = frozenset("aeiouy")


def forms(word: str) -> dict[str, str]:
    """Possible verb forms of a word: kind ("base", "s", "ing", "past") -> base form."""
    return _table().get(word, {})


def kinds_of_unknown(word: str) -> set[str]:
    """Possible verb forms of a word outside the lexicon, by its ending alone."""
    kinds = set()
    if word.endswith("ing") and word not in lexicon.NOT_ING and _has_vowel(word[:-3]):
        kinds.add("ing")
    if word.endswith("ed") and word not in lexicon.NOT_ED and _has_vowel(word[:-2]):
        kinds.add("past")
    if word.endswith("s") and len(word) > 3 and not word.endswith(("ss", "us", "is")):
        kinds.add("s")
    return kinds - ({"past"} if word.endswith("eed") else set())


def inflect(base: str) -> dict[str, tuple[str, ...]]:
    """All forms of one verb, by kind."""
    past = tuple(lexicon.PAST[base].split()) if base in lexicon.PAST else (_regular(base, "ed"),)
    if base in lexicon.PAST and len(past) == 1 and base in _ALSO_REGULAR:
        past = (*past, _regular(base, "ed"))
    return {"base": (base,), "s": (_third(base),), "ing": (_regular(base, "ing"),), "past": past}


_ALSO_REGULAR = frozenset(("dive", "lean", "leap", "kneel", "speed"))


@lru_cache(maxsize=1)
def _table() -> dict[str, dict[str, str]]:
    table: dict[str, dict[str, str]] = {}
    for base in sorted(lexicon.VERBS | lexicon.PAST.keys()):
        for kind, words in inflect(base).items():
            for word in words:
                table.setdefault(word, {}).setdefault(kind, base)
    return table


def _has_vowel(stem: str) -> bool:
    return len(stem) > 1 and not _VOWELS.isdisjoint(stem)


def _third(base: str) -> str:
    if base.endswith(("s", "sh", "ch", "x", "z")) or base in ("go", "do"):
        return base + "es"
    if base.endswith("y") and base[-2] not in "aeiou":
        return base[:-1] + "ies"
    return base + "s"


def _regular(base: str, ending: str) -> str:
    """Base and -ed or -ing: final e dropped, y to i, ie to y, final consonant doubled."""
    if ending == "ing" and base.endswith("ie"):
        return base[:-2] + "ying"
    if base.endswith("e") and not base.endswith(("ee", "oe", "ye")):
        return base[:-1] + ending
    if base.endswith("e") and ending == "ed":
        return base + "d"
    if ending == "ed" and base.endswith("y") and base[-2] not in "aeiou":
        return base[:-1] + "ied"
    if _doubles(base):
        return base + base[-1] + ending
    return base + ending


_FINAL_STRESS = frozenset(("begin", "emit", "transfer", "zigzag", "sidestep", "outrun"))


def _doubles(base: str) -> bool:
    """One stressed short vowel before one final consonant: "spin", not "follow" or "enter"."""
    if len(base) < 3 or base[-1] in "aeiouwxy" or base[-2] not in "aeiou" or base[-3] in "aeiou":
        return base == "squat"
    syllables = sum(
        letter in _VOWELS and (place == 0 or base[place - 1] not in _VOWELS)
        for place, letter in enumerate(base)
    )
    return syllables == 1 or base in _FINAL_STRESS
