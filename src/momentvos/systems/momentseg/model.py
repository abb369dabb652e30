"""MomentSeg, and its baseline Sa2VA: a multimodal language model that prompts SAM2."""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from typing import TYPE_CHECKING

from torch import Tensor
from transformers import Sam2VideoModel
from transformers.models.sam2_video.modeling_sam2_video import Sam2VideoMaskDecoder

from momentvos.errors import ModelError
from momentvos.media import Video
from momentvos.mllm import Patching, RenderedChat, Turn, render_chat
from momentvos.systems.mllm_system import MllmSystem, perceptron
from momentvos.systems.momentseg.config import MomentSegConfig
from momentvos.systems.momentseg.session import MomentSegSession
from momentvos.systems.momentseg.streaming import MomentSegStream
from momentvos.systems.momentseg.templates import FIND, SEG, SEG_ANSWERS, SEG_QUESTION, TOKENS

if TYPE_CHECKING:
    from momentvos.data.batch import ClipBatch
    from momentvos.systems.examples import Examples
    from momentvos.systems.momentseg.examples import Example
    from momentvos.systems.momentseg.losses import Weights
    from momentvos.systems.momentseg.objective import MomentSegOutput


class MomentSegModel(MllmSystem):
    """A language model with [FIND] and [SEG], and SAM2.

    Attributes:
        mllm: Qwen2.5-VL or Qwen3-VL.
        original_decoder: SAM2's mask decoder as published, or None.
        seg_mlp: the state at [SEG] to a prompt of SAM2.
        find_mlp: the states at [FIND] and at the video's tokens to the space they share.
    """

    config_class = MomentSegConfig
    config: MomentSegConfig
    base_model_prefix = "momentseg"
    session_class = MomentSegSession
    stream_class = MomentSegStream
    whole_video = "it samples frames of the whole video for its language model"
    tokens = TOKENS
    trained = ("seg_mlp", "find_mlp", "sam.mask_decoder", "selector")

    def add_heads(self, width: int, prompt: int) -> None:
        """See `MllmSystem`."""
        decoder = self.config.sam_config.mask_decoder_config
        self.original_decoder = (
            Sam2VideoMaskDecoder(decoder) if self.config.original_decoder else None
        )
        self.seg_mlp = perceptron(width, prompt)
        self.find_mlp = perceptron(width, prompt)

    @property
    def patching(self) -> Patching:
        """How the language model cuts frames."""
        return Patching.of(self.config.mllm_config)

    @property
    def seg_token(self) -> int:
        """Number of [SEG]."""
        return self.token(SEG)

    @property
    def find_token(self) -> int:
        """Number of [FIND]."""
        return self.token(FIND)

    def tracker(self) -> Sam2VideoModel:
        """SAM2 with its original mask decoder, all other parts shared.

        Raises ModelError where the weights hold none.
        """
        if self.original_decoder is None:
            raise ModelError(
                "These weights hold no original mask decoder; track with decoder='finetuned'."
            )
        tracker = copy(self.sam)
        tracker._modules = {**self.sam._modules, "mask_decoder": self.original_decoder}
        return tracker

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

    def prompts(self, states: Tensor) -> Tensor:
        """States [N, D] at [SEG] to SAM2's prompt tokens [N, 1, C]."""
        prompt: Tensor = self.seg_mlp(states)
        return prompt[:, None]

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

    def take_sam(self, sam: Sam2VideoModel) -> None:
        """See `MllmSystem`; the original decoder is a copy of the one to be fine-tuned."""
        super().take_sam(sam)
        if self.original_decoder is not None:
            self.original_decoder.load_state_dict(sam.mask_decoder.state_dict())
