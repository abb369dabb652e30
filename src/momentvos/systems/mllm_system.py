"""Base class of MomentSeg and VRS-HQ: a multimodal language model that prompts SAM2 by tokens."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar, Self, overload

import torch
from torch import Tensor, nn
from transformers import AutoModelForImageTextToText, PreTrainedTokenizerBase, Sam2VideoModel

from momentvos.media import Video
from momentvos.media.video import VideoLike
from momentvos.mllm import (
    Inputs,
    Lora,
    RenderedChat,
    Turn,
    add_lora,
    add_tokens,
    chatunivi,
    collate,
    fit_embeddings,
    hidden_states,
    merge_lora,
    states_at,
    word_embeddings,
    word_states,
)
from momentvos.selection import TrackSelector
from momentvos.sentence import check, check_no_path
from momentvos.systems.base import System
from momentvos.systems.config import MllmSystemConfig
from momentvos.systems.loading import evaluating, part, tokenizer_beside
from momentvos.systems.patches.answers import PatchAnswers, answers
from momentvos.systems.patches.motion import MotionEncoder
from momentvos.systems.patches.prompt import PatchPrompt
from momentvos.systems.patches.relevance import PatchRelevance
from momentvos.systems.session import TOGETHER, Request
from momentvos.text.question import asked_about

ASK = 'ask about the video, like "what does the dog do?"'
EMBEDDINGS = ("embed_tokens.weight", "lm_head.weight")


class MllmSystem(System):
    """A multimodal language model with tokens of its own, and SAM2.

    Attributes:
        mllm: the language model, with adapters where ``config.lora`` says so.
        sam: SAM2, its mask decoder fine-tuned.
        motion, patches, patch_prompt: an encoder of motion, what scores patches by it, and the
            dense prompt made of their scores (not in the papers), or None.
        patch_answers: how it answers questions about videos from such scores (not in the papers),
            or None.
    """

    config_class = MllmSystemConfig
    config: MllmSystemConfig
    supports_gradient_checkpointing = True
    _supports_flash_attn = True
    tokens: ClassVar[tuple[str, ...]] = ()
    """Tokens added to the language model's vocabulary."""
    multimask: bool = False
    """Whether a token is answered by the best of several masks."""
    trained: ClassVar[tuple[str, ...]] = ()
    """Parts beside the language model that the paper trains, by the beginning of their names."""

    def __init__(self, config: MllmSystemConfig) -> None:
        super().__init__(config)
        chatunivi.register()
        self.mllm = AutoModelForImageTextToText.from_config(config.mllm_config)
        if config.lora is not None:
            add_lora(self.mllm, Lora.from_dict(config.lora))
        self.sam = Sam2VideoModel(config.sam_config)
        width = config.mllm_config.get_text_config().hidden_size
        self.add_heads(width, config.sam_config.vision_config.fpn_hidden_size)
        self.motion: MotionEncoder | None = None
        self.patches: PatchRelevance | None = None
        self.patch_prompt: PatchPrompt | None = None
        self.patch_answers: PatchAnswers | None = None
        if config.patch_dim:
            self._add_patches(width, config.sam_config.vision_config.fpn_hidden_size)
        self.selector = TrackSelector(2 * width) if config.has_selector else None
        self.post_init()
        self._freeze()

    def add_heads(self, width: int, prompt: int) -> None:
        """Make the parts between language model and SAM2.

        width: of the language model's states; prompt: of SAM2's prompt tokens.
        """
        raise NotImplementedError

    def _add_patches(self, width: int, hidden: int) -> None:
        config = self.config
        if not config.motion_dim:
            raise ValueError("patch_dim needs an encoder of motion, but motion_dim is 0")
        self.motion = MotionEncoder(config.motion_dim, ())
        widths = hidden, hidden // 4, config.motion_dim, 2 * width, width
        self.patches = PatchRelevance(*widths, config.patch_dim, motions=config.patch_motions)
        self.patch_prompt = PatchPrompt(hidden)
        if config.answer_dim:
            shown = self.patches.query_dim, hidden, 3 * config.patch_motions
            sizes = *shown, config.answer_dim, width
            added = config.answer_rank, config.answer_head
            self.patch_answers = PatchAnswers(self.mllm, *added, *sizes)

    @property
    def text_model_config(self) -> Any:
        """See `System`."""
        return self.config.mllm_config

    @property
    def words(self) -> PreTrainedTokenizerBase:
        """The tokenizer; ValueError where the model has none yet."""
        if self.tokenizer is None:
            raise ValueError("the model has no tokenizer: load it with from_pretrained")
        return self.tokenizer

    def use_tokenizer(self, tokenizer: PreTrainedTokenizerBase) -> None:
        """Take a tokenizer, give it the system's tokens, and every token an embedding."""
        add_tokens(tokenizer, self.tokens)
        fit_embeddings(self.mllm, tokenizer)
        self.config.mllm_config = self.mllm.config
        self.tokenizer = tokenizer

    @property
    def shifted(self) -> bool:
        """Whether the state of a token is the one that predicts it, one place before it."""
        return False

    def token(self, name: str) -> int:
        """Number of a token, such as "[SEG]"."""
        number: int = self.words.convert_tokens_to_ids(name)
        return number

    def inputs(self, chats: Sequence[RenderedChat]) -> Inputs:
        """Conversations as one batch on the model's device."""
        pad = self.words.pad_token_id or 0
        spacing = getattr(self.config.mllm_config.vision_config, "tokens_per_second", 1)
        return collate(chats, pad, spacing).to(self.device)

    def render(self, turns: Sequence[Turn]) -> RenderedChat:
        """A conversation in the language model's chat template."""
        raise NotImplementedError

    def request(self, sentence: str) -> Turn:
        """The turn that asks to segment a sentence and answers [SEG], without visual inputs."""
        raise NotImplementedError

    def prompts(self, states: Tensor) -> Tensor:
        """States of the system's tokens, last dimension D, to SAM2's prompt tokens, last C."""
        raise NotImplementedError

    @overload
    def ask(  # type: ignore[overload-overlap]  # a str is a sequence of str too
        self, video: VideoLike, question: str, *, published: bool = ...
    ) -> str: ...
    @overload
    def ask(
        self, video: VideoLike, question: Sequence[str], *, published: bool = ...
    ) -> list[str]: ...
    def ask(
        self, video: VideoLike, question: str | Sequence[str], *, published: bool = False
    ) -> str | list[str]:
        """Text answers to questions about a video or an image.

        A model with `patch_answers` answers questions about videos from what patches show.

        Args:
            video: path, frames, or an open video.
            question: in English; or several, which share what the video costs.
            published: answer from visual tokens, as the paper does.

        Raises:
            VideoError, SentenceError: the input is unusable.
        """
        questions = [question] if isinstance(question, str) else question
        asked = [check_no_path(check(one), ASK).strip() for one in questions]
        opened = Video.open(video)
        with evaluating(self):
            if published or self.patch_answers is None or len(opened) == 1:
                replies = [self.answer(opened, one) for one in asked]
            else:
                replies = []
                for start in range(0, len(asked), TOGETHER):
                    some = asked[start : start + TOGETHER]
                    about = [asked_about(one) or one for one in some]
                    request = Request(opened, about, [None] * len(about), self.config)
                    replies += answers(self.open_session(request), some)
        return replies[0] if isinstance(question, str) else replies

    @abstractmethod
    def answer(self, video: Video, question: str) -> str:
        """Generate an answer to a question about an open video from visual tokens."""

    def encode_words(self, sentences: Sequence[str]) -> tuple[Tensor, Tensor]:
        """States of requests to segment sentences, without visual inputs.

        `mllm.word_states` [L, N, 2 D] and bool [L, N], True = real token.
        """
        hidden, inputs = self._requested(sentences)
        return word_states(self.mllm, inputs, hidden), inputs.mask

    def embed_words(self, sentences: Sequence[str]) -> tuple[Tensor, Tensor]:
        """Normalised embeddings of the same tokens, before any layer: [L, N, D], bool [L, N]."""
        inputs = self.inputs([self.render([self.request(one)]) for one in sentences])
        return word_embeddings(self.mllm, inputs), inputs.mask

    def noun_prompts(self, nouns: Sequence[str]) -> Tensor:
        """Prompts of SAM2 from [SEG] for nouns, without visual inputs: [K, C]."""
        hidden, inputs = self._requested(nouns)
        states = states_at(hidden, inputs.ids, self.token("[SEG]"), shifted=self.shifted)
        return self.prompts(torch.cat(states)).flatten(1)

    def merge(self) -> None:
        """Fold the adapters into the language model."""
        if self.config.lora is not None:
            merge_lora(self.mllm)
            self.config.lora = None

    @classmethod
    def from_pretrained(cls, name: str | Path, *args: Any, **kwargs: Any) -> Self:
        """See `System.from_pretrained`."""
        chatunivi.register()
        return super().from_pretrained(name, *args, **kwargs)

    @classmethod
    def from_parts(cls, sam: str | Path, mllm: str | Path, **overrides: Any) -> Self:
        """A new model around published weights; what lies between them starts untrained.

        Args:
            sam: folder or hub id of a ``transformers`` SAM2 video model, for instance
                ``facebook/sam2-hiera-large``.
            mllm: folder or hub id of a language model of the system's kind with its tokenizer, for
                instance ``Qwen/Qwen2.5-VL-3B-Instruct``, or folder of a converted Chat-UniVi.
            overrides: fields of the system's configuration.

        Raises:
            ModelError: one of them cannot be read, is of another kind, or lacks weights.
        """
        chatunivi.register()
        language = part(AutoModelForImageTextToText, mllm)
        segmenter = part(Sam2VideoModel, sam)
        lora = overrides.pop("lora", None)
        config = cls.config_class(
            sam_config=segmenter.config, mllm_config=language.config, **overrides
        )
        model = cls(config)
        model.mllm.load_state_dict(language.state_dict())
        model.take_sam(segmenter)
        model.use_tokenizer(tokenizer_beside(mllm, language.config))
        if lora is not None:
            add_lora(model.mllm, Lora.from_dict(lora))
            model.config.lora = lora
            model._freeze()
        return model

    def take_sam(self, sam: Sam2VideoModel) -> None:
        """Take over published weights of SAM2."""
        self.sam.load_state_dict(sam.state_dict())

    def _freeze(self) -> None:
        """Freeze all parameters but those that the paper trains.

        The adapters (or, without any, the whole language model but its vision tower), both
        embeddings, and the parts of `trained`.
        """
        mark = "lora_" if self.config.lora is not None else "language_model"
        for name, parameter in self.named_parameters():
            language = name.startswith("mllm.") and (mark in name or name.endswith(EMBEDDINGS))
            parts = (*self.trained, "patches", "patch_prompt", "patch_answers")
            wanted = self.config.backbone_trainable or language or name.startswith(parts)
            parameter.requires_grad_(wanted and not name.startswith("original_decoder"))

    def _requested(self, sentences: Sequence[str]) -> tuple[Tensor, Inputs]:
        inputs = self.inputs([self.render([self.request(one)]) for one in sentences])
        return hidden_states(self.mllm, inputs), inputs


def perceptron(width: int, out: int) -> nn.Sequential:
    """Two layers from the language model's states to SAM2's prompts."""
    return nn.Sequential(nn.Linear(width, width), nn.ReLU(), nn.Linear(width, out))
