"""Conversations with visuals, written in ChatML as Qwen's models were taught it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from transformers import PreTrainedTokenizerBase

from momentvos.mllm.visual_input import VisualInput

Part = str | VisualInput
SYSTEM = "You are a helpful assistant."
START, END = "<|im_start|>", "<|im_end|>"
VISION_START, VISION_END = "<|vision_start|>", "<|vision_end|>"
PADS = {"image": "<|image_pad|>", "video": "<|video_pad|>"}
IGNORED = -100


@dataclass(frozen=True)
class Turn:
    """A question, in order of its words and visuals, and the answer where it is known."""

    question: tuple[Part, ...]
    answer: str | None = None


@dataclass(frozen=True)
class RenderedChat:
    """A conversation in tokens.

    ids: token numbers; labels: the same where an answer (with its end) is to be learned, else
    -100; visuals: in order; runs: (place of the first visual token, which picture) of every
    unbroken run of them.
    """

    ids: tuple[int, ...]
    labels: tuple[int, ...]
    visuals: tuple[VisualInput, ...] = ()
    runs: tuple[tuple[int, int], ...] = ()


def render_chat(
    tokenizer: PreTrainedTokenizerBase, turns: Sequence[Turn], system: str | None = SYSTEM
) -> RenderedChat:
    """Turns to token ids; a last turn without answer ends where the assistant would begin.

    Names of special tokens inside a question are plain text, so that no sentence can end its own
    turn or bring a token of a model's own; in an answer they are those tokens.
    """
    ids: list[int] = []
    labels: list[int] = []
    visuals: list[VisualInput] = []
    runs: list[tuple[int, int]] = []

    def put(tokens: Sequence[int], learned: bool = False) -> None:
        ids.extend(tokens)
        labels.extend(tokens if learned else [IGNORED] * len(tokens))

    def special(name: str) -> int:
        number: int = tokenizer.convert_tokens_to_ids(name)
        return number

    def plain(text: str) -> list[int]:
        encoded: list[int] = tokenizer.encode(
            text, add_special_tokens=False, split_special_tokens=True
        )
        return encoded

    if system is not None:
        put([special(START), *plain(f"system\n{system}"), special(END), *plain("\n")])
    for turn in turns:
        put([special(START)])
        for part in _joined(("user\n", *turn.question)):
            if isinstance(part, str):
                put(plain(part))
                continue
            visuals.append(part)
            for time, tokens in _steps(part):
                put([*plain(time), special(VISION_START)])
                runs.append((len(ids), len(visuals) - 1))
                put([*[special(PADS[part.kind])] * tokens, special(VISION_END)])
        put([special(END), *plain("\n"), special(START), *plain("assistant\n")])
        if turn.answer is not None:
            put(tokenizer.encode(turn.answer, add_special_tokens=False), learned=True)
            put([special(END)], learned=True)
            put(plain("\n"))
    return RenderedChat(tuple(ids), tuple(labels), tuple(visuals), tuple(runs))


def _joined(parts: Sequence[Part]) -> Iterator[Part]:
    """Neighbouring texts as one, since that is how they were tokenised in training."""
    text = ""
    for part in parts:
        if isinstance(part, str):
            text += part
            continue
        if text:
            yield text
        text = ""
        yield part
    if text:
        yield text


def _steps(picture: VisualInput) -> Iterator[tuple[str, int]]:
    """Runs of visual tokens, each with the time written before it ("" where none is)."""
    if not picture.seconds:
        yield "", picture.tokens
        return
    for seconds in picture.seconds:
        yield f"<{seconds:.1f} seconds>", picture.tokens // picture.grid[0]
