"""Questions to the language model: when does a sentence hold, and what else is to be known."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from momentvos.errors import SentenceError
from momentvos.media import Video
from momentvos.mllm import CachedStates, Turn, generate, render_chat, states_at
from momentvos.mllm.chat import PADS, Part
from momentvos.mllm.forward import Generation
from momentvos.moment import Moment
from momentvos.systems.momentseg.film import Film, look
from momentvos.systems.momentseg.find import frame_features, longest_run, similarity, smooth
from momentvos.systems.momentseg.templates import FIND_QUESTION, FIND_VIDEO_SHOWN

if TYPE_CHECKING:
    from momentvos.systems.momentseg.model import MomentSegModel

MAX_SENTENCE = 2000


@dataclass(frozen=True)
class Found:
    """What [FIND] said about one sentence.

    curve: smoothed relevance 0..1 of each of the `length` frames, None where the answer had no
    [FIND]; text: the answer.
    """

    curve: tuple[float, ...] | None
    text: str
    length: int

    def moment(self, threshold: float) -> Moment:
        """The longest run of relevant frames; every frame where there is none."""
        if self.curve is None:
            return Moment.all(self.length)
        return longest_run(self.curve, threshold)


def checked(sentence: str) -> str:
    """A sentence without space around it. Raises SentenceError where nothing or a book is left."""
    text = sentence.strip()
    if not text:
        raise SentenceError("The sentence is empty; say what to find.")
    if len(text) > MAX_SENTENCE:
        raise SentenceError(f"The sentence is over {MAX_SENTENCE} characters long; shorten it.")
    return text


def speak(
    model: MomentSegModel, parts: tuple[Part, ...], limit: int, heard: CachedStates | None = None
) -> Generation:
    """The model's answer to one question; `heard` as in :func:`momentvos.mllm.generate`."""
    written = render_chat(model.words, [Turn(parts)])
    return generate(model.mllm, model.words, model.inputs([written]), limit, heard)


def ground_sentence(model: MomentSegModel, film: Film, sentence: str) -> Found:
    """Relevance of every frame of the video, by similarity to [FIND]."""
    question = FIND_VIDEO_SHOWN + FIND_QUESTION.format(checked(sentence))
    said = speak(model, (film.picture, question), model.config.answer_limit, film.heard)
    length = len(film.video)
    ids, hidden = said.ids[None], said.hidden[None]
    (find,) = states_at(hidden, ids, model.find_token)
    if not len(find):
        return Found(None, said.text, length)
    (tokens,) = states_at(hidden, ids, model.token(PADS["video"]))
    seen = model.find_mlp(tokens)
    frames = frame_features(seen, film.picture.grid[0], length, model.config.centred)
    logits = similarity(model.find_mlp(find[:1]), frames)[0]
    curve = smooth(logits.sigmoid().cpu(), model.config.sigma)
    return Found(tuple(curve.clamp(0, 1).tolist()), said.text, length)


def answer_question(model: MomentSegModel, video: Video, question: str) -> str:
    """An answer in words, from the low-resolution video, or from the image."""
    shown = look(model, video, [0]) if len(video) == 1 else [Film.of(model, video).picture]
    text = "\n" + checked(question)
    return speak(model, (*shown, text), 4 * model.config.answer_limit).text
