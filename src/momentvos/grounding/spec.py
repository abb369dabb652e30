"""What `--grounder` takes, as text and as values; see docs/grounding.md."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator
from dataclasses import dataclass

from momentvos.errors import ModelError

ABOUT = {
    "model": "the model's own grounder (TGL's TAM)",
    "all": "every frame",
    "uniform": "k frames, evenly spread",
    "oracle": "annotated moments, oracle=FILE.json",
    "clip": "CLIP ViT-L/14-336: similarity of frame and sentence",
    "siglip2": "SigLIP 2: the same, as a probability",
    "blip2": "BLIP-2 ViT-G: image-text matching",
    "xclip": "X-CLIP: similarity of short windows and sentence",
    "umt": "Unmasked Teacher ViT-L, 25 M: the same",
    "dual": "a small trained dual encoder, dual=FOLDER",
    "chrono": "moment retrieval by a language model, chrono=FOLDER",
    "qwen2.5-vl": "a chat model, asked",
    "qwen3-vl": "a chat model, asked",
    "llava": "a chat model, asked",
    "chat": "any chat model with pictures, chat=FOLDER",
}
"""Every name, and what it stands for."""

SAME = {"tam": "model", "siglip": "siglip2"}
"""Other names of the same."""

CHATS = ("qwen2.5-vl", "qwen3-vl", "llava", "chat")
TOP_K_OK = tuple(name for name in ABOUT if name not in ("all",))
THRESHOLD_OK = ("clip", "siglip2", "blip2", "xclip", "umt", "dual")
SOURCE_OK = tuple(name for name in ABOUT if name not in ("model", "all", "uniform"))
SOURCE_NEEDED = {
    "dual": "dual=FOLDER; `momentvos train-grounder recipes/grounding/dual-world.yaml` makes one",
    "chrono": "chrono=FOLDER; there are no published weights for this use: train it with "
    "`momentvos train-grounder recipes/grounding/chrono-mevis-m.yaml`",
    "umt": "umt=l16_25m.pth; docs/grounding.md says where the file comes from",
    "chat": "chat=FOLDER or chat=OWNER/NAME",
}
UNPARSABLE = ("or-all", "or-none")
WORDS = {
    "blip2": ("itm", "itc"),
    "chrono": UNPARSABLE,
    **dict.fromkeys(CHATS, ("span", "frames", "percent", "tenths", *UNPARSABLE)),
}
"""What may follow a `~`."""

_TAIL = r"(?P<tail>(?::\d{1,6}|@\d*\.?\d+|~[a-z-]+)*)"
_PART = re.compile(rf"(?P<name>[a-z0-9.-]+)(?:=(?P<source>.+?))?{_TAIL}")
_OPTION = re.compile(r"[:@~][^:@~]+")
_TOLD = re.compile(r"[\d.s:,\s-]*\d[\d.s:,\s-]*")
_NAMES = "|".join(map(re.escape, sorted((*ABOUT, *SAME), key=len, reverse=True)))
_JOINT = re.compile(rf"\+(?=(?:{_NAMES})(?:[=:@~+]|$)|[\d.][\d.s:,\s-]*(?:\+|$))")


@dataclass(frozen=True)
class Part:
    """One grounder of a spec.

    name: a key of `ABOUT`, or "told" for a moment in `source`. source: folder, file or hub id.
    k: how many frames; threshold: relevance above which frames are chosen; one of them or
    neither. words: further options, such as what to ask a chat model.
    """

    name: str
    source: str | None = None
    k: int | None = None
    threshold: float | None = None
    words: tuple[str, ...] = ()

    def __str__(self) -> str:
        if self.name == "told":
            return self.source or ""
        text = self.name if self.source is None else f"{self.name}={self.source}"
        text += "" if self.k is None else f":{self.k}"
        text += "" if self.threshold is None else f"@{self.threshold:g}"
        return text + "".join(f"~{word}" for word in self.words)


@dataclass(frozen=True)
class Spec:
    """Grounders of which each chooses inside what the one before it chose."""

    parts: tuple[Part, ...]

    def __str__(self) -> str:
        return "+".join(map(str, self.parts))

    def __iter__(self) -> Iterator[Part]:
        return iter(self.parts)


def parse(text: str) -> Spec:
    """Read `NAME[=SOURCE][:K][@THRESHOLD][~WORD...]`, or a moment; several joined by `+`.

    Raises ModelError that names the part at fault and what would do.
    """
    if not text.strip().isprintable():
        raise ModelError("A grounder is written in one line of printable characters, like clip:4.")
    return Spec(tuple(_part(part.strip()) for part in _JOINT.split(text.strip())))


def _part(text: str) -> Part:
    if _TOLD.fullmatch(text):
        return Part("told", text)
    match = _PART.fullmatch(text)
    name = match["name"] if match else re.split(r"[=:@~+]", text)[0]
    name = SAME.get(name, name)
    if name not in ABOUT:
        raise ModelError(_unknown(name))
    if match is None:
        raise ModelError(
            f"'{text}' is not how a grounder is written: NAME, NAME=FOLDER, NAME:4 (frames) or "
            "NAME@0.5 (relevance), two of them joined by +."
        )
    part = Part(name, match["source"])
    for option in _OPTION.findall(match["tail"]):
        part = _with(part, option, text)
    _check(part, text)
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


def _check(part: Part, text: str) -> None:
    name = part.name
    if part.source is None and name in SOURCE_NEEDED:
        raise ModelError(f"The grounder '{name}' needs to be told more: {SOURCE_NEEDED[name]}.")
    if part.source is not None and name not in SOURCE_OK:
        raise ModelError(f"The grounder '{name}' takes no '={part.source}'.")
    if part.k is not None and (part.k < 1 or name not in TOP_K_OK):
        raise ModelError(f"The grounder '{text}' cannot choose {part.k} frames.")
    if part.threshold is not None and (name not in THRESHOLD_OK or not 0 <= part.threshold < 1):
        raise ModelError(
            f"The grounder '{text}' cannot choose by relevance: @0 to @0.99 goes with "
            f"{', '.join(THRESHOLD_OK)}."
        )
    if part.k is not None and part.threshold is not None:
        raise ModelError(f"The grounder '{text}' chooses either by ':' or by '@', not by both.")
    known = WORDS.get(name, ())
    for word in part.words:
        if word not in known:
            choice = f"choose {', '.join('~' + one for one in known)}" if known else "it has none"
            raise ModelError(f"The grounder '{name}' has no option '~{word}': {choice}.")
    fallbacks = sum(word in UNPARSABLE for word in part.words)
    if fallbacks > 1 or len(part.words) - fallbacks > 1:
        raise ModelError(f"The grounder '{text}' has two options of which only one can hold.")


def _unknown(name: str) -> str:
    close = difflib.get_close_matches(name, [*ABOUT, *SAME], n=1)
    hint = f"is it '{close[0]}'? " if close else ""
    return (
        f"There is no grounder '{name}': {hint}Choose {', '.join(ABOUT)}, or give a moment such as "
        "40:62 or 3.2s-5.0s."
    )
