"""The language model about one video: tokens for sentences, and answers in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from torch import Tensor
from transformers import DynamicCache

from momentvos.errors import SentenceError
from momentvos.media import Video
from momentvos.mllm import Turn, VisualInput, generate, states_at
from momentvos.systems.vrshq import dialect, templates
from momentvos.systems.vrshq.sampling import aligned

if TYPE_CHECKING:
    from momentvos.systems.vrshq.model import VrsHqModel

MAX_SENTENCE = 2000


@dataclass(frozen=True)
class Tokens:
    """SAM2's prompts of one sentence: `seg` [T, C] of the frames, `tak` [C] of the video."""

    seg: Tensor
    tak: Tensor


@dataclass
class _Seen:
    """Frames shown, and what the language model has read of a conversation that shows them."""

    frames: tuple[int, ...]
    pictures: list[VisualInput]
    cache: DynamicCache | None = None
    read: int = 0


class Listener:
    """What a language model says about one video.

    The frames that it was shown last are remembered as it has read them, so that each further
    sentence about the same frames costs only itself.
    """

    def __init__(self, model: VrsHqModel, video: Video) -> None:
        self.model, self.video = model, video
        self._seen = _Seen((), [])

    @property
    def notes(self) -> list[str]:
        """What a user should know of the frames shown last."""
        return list(dict.fromkeys(filter(None, (one.note for one in self._seen.pictures))))

    def hear(self, frames: Sequence[int], sentence: str) -> Tokens:
        """Tokens of a sentence in ascending frames, from the answer that the model is given.

        Nothing is generated, so there are always as many tokens as frames, whatever the sentence.
        """
        model, seen = self.model, self._look(frames)
        question = templates.question(sentence, image=len(self.video) == 1)
        turn = Turn((*self._shown(seen), question), templates.answer(len(seen.frames)))
        written = dialect.write(model, [turn])
        inputs = model.inputs([written])
        start, last = written.runs[-1]
        shared = start + written.visuals[last].tokens
        feed: dict[str, Any] = {"input_ids": inputs.ids, "position_ids": inputs.positions}
        if seen.cache is None:
            seen.cache = DynamicCache(config=model.config.mllm_config.get_text_config())
            feed |= inputs.vision()
        else:
            seen.cache.crop(shared - seen.read)
            feed = {name: value[..., shared:] for name, value in feed.items()}
        out: Any = model.mllm.model(**feed, past_key_values=seen.cache, use_cache=True)
        seen.read = len(written.ids)
        hidden, ids = out.last_hidden_state, feed["input_ids"]
        (seg,) = states_at(hidden, ids, model.seg_token, shifted=model.config.shifted)
        (tak,) = states_at(hidden, ids, model.tak_token, shifted=model.config.shifted)
        return Tokens(model.prompts(seg), model.prompts(tak)[0])

    def answer(self, question: str) -> str:
        """An answer in words, from frames all over the video, or from the image."""
        model, length = self.model, len(self.video)
        seen = self._look(aligned(length, length // 2, model.config.frames))
        written = dialect.write(model, [Turn((*self._shown(seen), checked(question)))])
        inputs = model.inputs([written])
        return generate(model.mllm, model.words, inputs, model.config.answer_limit).text

    def _look(self, frames: Sequence[int]) -> _Seen:
        if self._seen.frames != tuple(frames):
            alone = len(self.video) == 1
            pictures = [
                dialect.picture(self.model, frame.rgb, alone=alone)
                for frame in self.video.read(frames)
            ]
            self._seen = _Seen(tuple(frames), pictures)
        return self._seen

    def _shown(self, seen: _Seen) -> tuple[str | VisualInput, ...]:
        return templates.shown(seen.pictures, image=len(self.video) == 1)


def checked(sentence: str) -> str:
    """A sentence without space around it. Raises SentenceError where nothing or a book is left."""
    text = sentence.strip()
    if not text:
        raise SentenceError("The sentence is empty; say what to find.")
    if len(text) > MAX_SENTENCE:
        raise SentenceError(f"The sentence is over {MAX_SENTENCE} characters long; shorten it.")
    return text
