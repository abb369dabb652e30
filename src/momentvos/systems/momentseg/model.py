"""MomentSeg: Sa2VA with [FIND], which grounds the moment first."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from momentvos.media import Video
from momentvos.mllm import RenderedChat, Turn, render_chat
from momentvos.systems.mllm_system import perceptron
from momentvos.systems.momentseg.config import MomentSegConfig
from momentvos.systems.momentseg.session import MomentSegSession
from momentvos.systems.momentseg.streaming import MomentSegStream
from momentvos.systems.momentseg.templates import FIND, SEG_ANSWERS, SEG_QUESTION, TOKENS
from momentvos.systems.sa2va.model import Sa2VaModel

if TYPE_CHECKING:
    from momentvos.data.batch import ClipBatch
    from momentvos.systems.examples import Examples
    from momentvos.systems.momentseg.examples import Example
    from momentvos.systems.momentseg.losses import Weights
    from momentvos.systems.momentseg.objective import MomentSegOutput


class MomentSegModel(Sa2VaModel):
    """A language model with [FIND] and [SEG], and SAM2; by its configuration Sa2VA, its baseline.

    Attributes:
        find_mlp: the states at [FIND] and at the video's tokens to the space they share.
    """

    config_class = MomentSegConfig
    config: MomentSegConfig
    base_model_prefix = "momentseg"
    session_class = MomentSegSession
    stream_class = MomentSegStream
    tokens = TOKENS
    trained = ("seg_mlp", "find_mlp", "sam.mask_decoder", "selector")

    def add_heads(self, width: int, prompt: int) -> None:
        """See `MllmSystem`."""
        super().add_heads(width, prompt)
        self.find_mlp = perceptron(width, prompt)

    @property
    def final_norm(self) -> bool:
        """See `Sa2VaModel`."""
        return True

    @property
    def find_token(self) -> int:
        """Number of [FIND]."""
        return self.token(FIND)

    def answer(self, video: Video, question: str) -> str:
        """See `MllmSystem`."""
        from momentvos.systems.momentseg.prompter import answer_question

        return answer_question(self, video, question)

    def render(self, turns: Sequence[Turn]) -> RenderedChat:
        """See `MllmSystem`."""
        return render_chat(self.words, turns)

    def request(self, sentence: str) -> Turn:
        """See `MllmSystem`."""
        return Turn((SEG_QUESTION.format(sentence),), SEG_ANSWERS[0])

    def forward(
        self, batch: Examples[Example] | ClipBatch, weights: Weights | None = None
    ) -> MomentSegOutput:
        """Train on conversations, see :func:`momentvos.systems.momentseg.objective.learn`.

        Clips become conversations first, see
        :func:`momentvos.systems.momentseg.examples.from_clips`.
        """
        from momentvos.data.batch import ClipBatch
        from momentvos.systems.momentseg.examples import from_clips
        from momentvos.systems.momentseg.objective import learn

        examples = from_clips(batch) if isinstance(batch, ClipBatch) else batch
        return learn(self, examples, weights)
