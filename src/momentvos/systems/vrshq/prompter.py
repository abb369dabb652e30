"""SAM2's prompts from the language model: tokens of sentences about one video, and answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from torch import Tensor
from transformers import DynamicCache

from momentvos.media import Video
from momentvos.mllm import Turn, VisualInput, generate, states_at
from momentvos.systems.vrshq import chat_template, templates
from momentvos.systems.vrshq.sampling import aligned

if TYPE_CHECKING:
    from momentvos.systems.vrshq.model import VrsHqModel


@dataclass(frozen=True)
class Tokens:
    """SAM2's prompts of one sentence: `seg` [T, C] of the frames, `tak` [C] of the video."""

    seg: Tensor
    tak: Tensor


@dataclass
class _CachedFrames:
    """Frames as visual inputs, and the language model's cache of a conversation about them."""

    frames: tuple[int, ...]
    pictures: list[VisualInput]
    cache: DynamicCache | None = None
    read: int = 0


class Prompter:
    """The language model about one video.

    The cache of the latest frames is kept, so that each further sentence about the same frames
    costs only itself.
    """

    def __init__(self, model: VrsHqModel, video: Video) -> None:
        self.model, self.video = model, video
        self.image = model.config.asks_image(video)
        self._cached = _CachedFrames((), [])

    @property
    def notes(self) -> list[str]:
        """Notes on the latest frames."""
        return list(dict.fromkeys(filter(None, (one.note for one in self._cached.pictures))))

    def tokens(self, frames: Sequence[int], sentence: str) -> Tokens:
        """Tokens of a sentence in ascending frames, from the answer that the model is given.

        Nothing is generated, so there are always as many tokens as frames, whatever the sentence.
        """
        model, cached = self.model, self._load(frames)
        question = templates.question(sentence, self.image, model.config.sentence_rule)
        turn = Turn((*self._parts(cached), question), templates.answer(len(cached.frames)))
        chat = chat_template.render(model, [turn])
        inputs = model.inputs([chat])
        start, last = chat.runs[-1]
        shared = start + chat.visuals[last].tokens
        feed: dict[str, Any] = {"input_ids": inputs.ids, "position_ids": inputs.positions}
        if cached.cache is None:
            cached.cache = DynamicCache(config=model.config.mllm_config.get_text_config())
            feed |= inputs.vision()
        else:
            cached.cache.crop(shared - cached.read)
            feed = {name: value[..., shared:] for name, value in feed.items()}
        out: Any = model.mllm.model(**feed, past_key_values=cached.cache, use_cache=True)
        cached.read = len(chat.ids)
        hidden, ids = out.last_hidden_state, feed["input_ids"]
        (seg,) = states_at(hidden, ids, model.seg_token, shifted=model.config.shifted)
        (tak,) = states_at(hidden, ids, model.tak_token, shifted=model.config.shifted)
        return Tokens(model.prompts(seg), model.prompts(tak)[0])

    def answer(self, question: str) -> str:
        """A text answer, from frames all over the video, or from the image."""
        model, length = self.model, len(self.video)
        cached = self._load(aligned(length, length // 2, model.config.frames))
        chat = chat_template.render(model, [Turn((*self._parts(cached), question))])
        inputs = model.inputs([chat])
        return generate(model.mllm, model.words, inputs, model.config.answer_limit).text

    def _load(self, frames: Sequence[int]) -> _CachedFrames:
        if self._cached.frames != tuple(frames):
            pictures = [
                chat_template.image_input(self.model, frame.rgb, alone=self.image)
                for frame in self.video.read(frames)
            ]
            self._cached = _CachedFrames(tuple(frames), pictures)
        return self._cached

    def _parts(self, cached: _CachedFrames) -> tuple[str | VisualInput, ...]:
        return templates.visual_parts(cached.pictures, image=self.image)
