"""VRS-HQ: a multimodal language model that gives SAM2 a token a frame, and one for the video."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from torch import Tensor

from momentvos.media import Video
from momentvos.mllm import RenderedChat, Turn
from momentvos.systems.mllm_system import MllmSystem, perceptron
from momentvos.systems.vrshq import chat_template
from momentvos.systems.vrshq.config import VrsHqConfig
from momentvos.systems.vrshq.session import VrsHqSession
from momentvos.systems.vrshq.templates import SEG, TAK, TOKENS, answer, question

if TYPE_CHECKING:
    from momentvos.data.batch import ClipBatch
    from momentvos.systems.examples import Examples
    from momentvos.systems.vrshq.examples import Example
    from momentvos.systems.vrshq.losses import Weights
    from momentvos.systems.vrshq.objective import VrsHqOutput
    from momentvos.systems.vrshq.proposer import Proposer


class VrsHqModel(MllmSystem):
    """A language model with [SEG] and [TAK], and SAM2.

    Attributes:
        mllm: Qwen2.5-VL or Chat-UniVi.
        text_mlp: states that predict [SEG] or [TAK] to prompts of SAM2.
    """

    config_class = VrsHqConfig
    config: VrsHqConfig
    base_model_prefix = "vrshq"
    session_class = VrsHqSession
    whole_video = "it samples frames of the whole video and chooses a keyframe among them"
    tokens = TOKENS
    trained = ("text_mlp", "sam.mask_decoder", "selector")
    _proposer: Any = None

    def add_heads(self, width: int, prompt: int) -> None:
        """See `MllmSystem`."""
        self.text_mlp = perceptron(width, prompt)

    @property
    def shifted(self) -> bool:
        """See `MllmSystem`."""
        shifted: bool = self.config.shifted
        return shifted

    @property
    def seg_token(self) -> int:
        """Number of [SEG]."""
        return self.token(SEG)

    @property
    def tak_token(self) -> int:
        """Number of [TAK]."""
        return self.token(TAK)

    def answer(self, video: Video, question: str) -> str:
        """See `MllmSystem`."""
        from momentvos.systems.vrshq.prompter import Prompter

        return Prompter(self, video).answer(question)

    def proposer(self, source: str) -> Proposer:
        """The CLIP that proposes a frame, loaded once; it is no part of the weights."""
        if self._proposer is None or self._proposer.source != source:
            from momentvos.systems.vrshq.proposer import Proposer as Made

            self._proposer = Made(source, str(self.device))
        made: Proposer = self._proposer
        return made

    def render(self, turns: Sequence[Turn]) -> RenderedChat:
        """See `MllmSystem`."""
        return chat_template.render(self, turns)

    def request(self, sentence: str) -> Turn:
        """See `MllmSystem`."""
        return Turn((question(sentence, True, self.config.sentence_rule),), answer(1))

    def prompts(self, states: Tensor) -> Tensor:
        """States [..., D] that predict [SEG] or [TAK] to SAM2's prompt tokens [..., C]."""
        prompt: Tensor = self.text_mlp(states)
        return prompt

    def forward(
        self, batch: Examples[Example] | ClipBatch, weights: Weights | None = None
    ) -> VrsHqOutput:
        """Train on conversations, see :func:`momentvos.systems.vrshq.objective.learn`.

        Clips become conversations first, see
        :func:`momentvos.systems.vrshq.examples.from_clips`.
        """
        from momentvos.data.batch import ClipBatch
        from momentvos.systems.vrshq.examples import from_clips
        from momentvos.systems.vrshq.objective import learn

        if isinstance(batch, ClipBatch):
            batch = from_clips(batch, self.config.frames, self.config.sentence_rule)
        return learn(self, batch, weights)
