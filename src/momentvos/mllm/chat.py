"""Chats with visual inputs, rendered in ChatML, the template of Qwen's models."""

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
    """A question as texts and visual inputs in order, and its answer; None for one to generate."""

    question: tuple[Part, ...]
    answer: str | None = None


@dataclass(frozen=True)
class RenderedChat:
    """A chat as L tokens.

    Attributes:
        ids: token ids [L].
        labels: [L], the ids of answers and their ends, else -100.
        visuals: the visual inputs, in order.
        runs: (place of the first token, index into `visuals`) of every unbroken run of visual
            tokens.
    """

    ids: tuple[int, ...]
    labels: tuple[int, ...]
    visuals: tuple[VisualInput, ...] = ()
    runs: tuple[tuple[int, int], ...] = ()


def render_chat(
    tokenizer: PreTrainedTokenizerBase, turns: Sequence[Turn], system: str | None = SYSTEM
) -> RenderedChat:
    """Render turns as tokens; a last turn without answer ends where the assistant would begin.

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


def _steps(visual: VisualInput) -> Iterator[tuple[str, int]]:
    """Length of each run of visual tokens, and the time in front of it ("" for none)."""
    if not visual.seconds:
        yield "", visual.tokens
        return
    for seconds in visual.seconds:
        yield f"<{seconds:.1f} seconds>", visual.tokens // visual.grid[0]
