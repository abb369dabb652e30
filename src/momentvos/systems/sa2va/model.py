"""Sa2VA: a multimodal language model that prompts SAM2 by [SEG]."""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from typing import ClassVar

from torch import Tensor
from transformers import Sam2VideoModel
from transformers.models.sam2_video.modeling_sam2_video import Sam2VideoMaskDecoder

from momentvos.errors import ModelError
from momentvos.media import Video
from momentvos.mllm import Patching, RenderedChat, Turn, render_chat
from momentvos.mllm.chat import SYSTEM
from momentvos.systems.mllm_system import MllmSystem, perceptron
from momentvos.systems.sa2va.config import Sa2VaConfig
from momentvos.systems.sa2va.session import Sa2VaSession
from momentvos.systems.sa2va.streaming import Sa2VaStream
from momentvos.systems.sa2va.templates import ANSWER, SEG, TOKENS, request


class Sa2VaModel(MllmSystem):
    """A language model with [SEG], and SAM2, whose mask decoder was fine-tuned with it.

    Attributes:
        mllm: Qwen2.5-VL or Qwen3-VL.
        original_decoder: SAM2's mask decoder as published, or None.
        seg_mlp: the state at [SEG] to a prompt of SAM2.
    """

    config_class = Sa2VaConfig
    config: Sa2VaConfig
    base_model_prefix = "sa2va"
    session_class: ClassVar[type[Sa2VaSession]] = Sa2VaSession
    stream_class: ClassVar[type[Sa2VaStream]] = Sa2VaStream
    whole_video = "it samples frames of the whole video for its language model"
    tokens: ClassVar[tuple[str, ...]] = TOKENS
    multimask = True
    trained: ClassVar[tuple[str, ...]] = ("seg_mlp", "sam.mask_decoder", "selector")

    def add_heads(self, width: int, prompt: int) -> None:
        """See `MllmSystem`."""
        decoder = self.config.sam_config.mask_decoder_config
        self.original_decoder = (
            Sam2VideoMaskDecoder(decoder) if self.config.original_decoder else None
        )
        self.seg_mlp = perceptron(width, prompt)

    @property
    def patching(self) -> Patching:
        """How the language model cuts frames."""
        return Patching.of(self.config.mllm_config)

    @property
    def seg_token(self) -> int:
        """Number of [SEG]."""
        return self.token(SEG)

    @property
    def final_norm(self) -> bool:
        """Whether states are those after the language model's final norm."""
        return self.config.final_norm

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
        from momentvos.systems.sa2va.prompter import answer_question

        return answer_question(self, video, question)

    def render(self, turns: Sequence[Turn]) -> RenderedChat:
        """See `MllmSystem`."""
        return render_chat(self.words, turns, SYSTEM if self.config.system_prompt else None)

    def request(self, sentence: str) -> Turn:
        """See `MllmSystem`."""
        return Turn((request(sentence),), ANSWER)

    def prompts(self, states: Tensor) -> Tensor:
        """States [N, D] at [SEG] to SAM2's prompt tokens [N, 1, C]."""
        prompt: Tensor = self.seg_mlp(states)
        return prompt[:, None]

    def take_sam(self, sam: Sam2VideoModel) -> None:
        """See `MllmSystem`; the original decoder is a copy of the one to be fine-tuned."""
        super().take_sam(sam)
        if self.original_decoder is not None:
            self.original_decoder.load_state_dict(sam.mask_decoder.state_dict())
