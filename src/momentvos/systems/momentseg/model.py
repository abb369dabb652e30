"""MomentSeg, and its baseline Sa2VA: a multimodal language model that speaks to SAM2."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from copy import copy
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn
from transformers import (
    AutoModelForImageTextToText,
    PreTrainedTokenizerBase,
    Sam2VideoModel,
)
from transformers.models.sam2_video.modeling_sam2_video import Sam2VideoMaskDecoder

from momentvos.errors import ModelError
from momentvos.mllm import (
    Lora,
    Patching,
    Turn,
    add_lora,
    add_tokens,
    collate,
    fit_embeddings,
    hidden_states,
    merge_lora,
    render_chat,
    states_at,
    word_states,
)
from momentvos.mllm.chat import RenderedChat
from momentvos.mllm.inputs import Inputs
from momentvos.moment import Moment
from momentvos.selection import TrackSelector
from momentvos.systems.base import System
from momentvos.systems.loading import (
    complete,
    evaluating,
    moments_of,
    one_by_one,
    part,
    tokenizer_beside,
)
from momentvos.systems.momentseg.config import MomentSegConfig
from momentvos.systems.momentseg.templates import FIND, SEG, SEG_ANSWERS, SEG_QUESTION, TOKENS

if TYPE_CHECKING:
    from momentvos.data.batch import ClipBatch
    from momentvos.media import Video
    from momentvos.results.prediction import Prediction
    from momentvos.systems.examples import Examples
    from momentvos.systems.momentseg.examples import Example
    from momentvos.systems.momentseg.losses import Weights
    from momentvos.systems.momentseg.objective import MomentSegOutput
    from momentvos.systems.momentseg.segmenter import Report

TRAINED = ("seg_mlp", "find_mlp", "sam.mask_decoder", "judge")


class MomentSegModel(System):
    """A language model with [FIND] and [SEG], and SAM2.

    Attributes:
        mllm: Qwen2.5-VL or Qwen3-VL, with adapters where ``config.lora`` says so.
        sam: SAM2, its mask decoder fine-tuned.
        original_decoder: SAM2's mask decoder as published, or None.
        seg_mlp: the state at [SEG] to a prompt of SAM2.
        find_mlp: the states at [FIND] and at the video's tokens to the space they share.
        judge: says of things that were followed which are meant (not in the paper), or None.
        tokenizer: saved and loaded with the weights.
    """

    config_class = MomentSegConfig
    config: MomentSegConfig
    base_model_prefix = "momentseg"
    main_input_name = "batch"
    supports_gradient_checkpointing = True
    _supports_sdpa = True
    _supports_flash_attn = True

    def __init__(self, config: MomentSegConfig) -> None:
        super().__init__(config)
        self.mllm = AutoModelForImageTextToText.from_config(config.mllm_config)
        if config.lora is not None:
            add_lora(self.mllm, Lora.from_dict(config.lora))
        self.sam = Sam2VideoModel(config.sam_config)
        self.original_decoder = (
            Sam2VideoMaskDecoder(config.sam_config.mask_decoder_config)
            if config.original_decoder
            else None
        )
        width = config.mllm_config.get_text_config().hidden_size
        prompt = config.sam_config.vision_config.fpn_hidden_size
        self.seg_mlp = _mlp(width, prompt)
        self.find_mlp = _mlp(width, prompt)
        self.judge = TrackSelector(2 * width) if config.judge else None
        self.tokenizer: PreTrainedTokenizerBase | None = None
        self.post_init()
        self._freeze()

    def _init_weights(self, module: nn.Module) -> None:
        """Every part draws its own weights when it is built."""

    def _freeze(self) -> None:
        """Leave to training what the paper trains.

        The adapters (or, without any, the whole language model but its vision tower), both
        embeddings, the two perceptrons and SAM2's mask decoder.
        """
        if self.config.backbone_trainable:
            wanted = [name for name, _ in self.named_parameters()]
        else:
            mark = "lora_" if self.config.lora is not None else "language_model"
            ends = ("embed_tokens.weight", "lm_head.weight")
            wanted = [
                name
                for name, _ in self.named_parameters()
                if name.startswith(TRAINED)
                or (name.startswith("mllm.") and (mark in name or name.endswith(ends)))
            ]
        for name, parameter in self.named_parameters():
            trained = name in set(wanted) and not name.startswith("original_decoder")
            parameter.requires_grad_(trained)

    @property
    def patching(self) -> Patching:
        """How the language model cuts frames."""
        return Patching.of(self.config.mllm_config)

    @property
    def words(self) -> PreTrainedTokenizerBase:
        """The tokenizer; ValueError where the model has none yet."""
        if self.tokenizer is None:
            raise ValueError("the model has no tokenizer: load it with from_pretrained")
        return self.tokenizer

    def use_tokenizer(self, tokenizer: PreTrainedTokenizerBase) -> None:
        """Take a tokenizer, give it [FIND] and [SEG], and every token an embedding."""
        add_tokens(tokenizer, TOKENS)
        fit_embeddings(self.mllm, tokenizer)
        self.config.mllm_config = self.mllm.config
        self.tokenizer = tokenizer

    def token(self, name: str) -> int:
        """Number of a token, such as "[SEG]"."""
        number: int = self.words.convert_tokens_to_ids(name)
        return number

    @property
    def seg_token(self) -> int:
        """Number of [SEG]."""
        return self.token(SEG)

    @property
    def find_token(self) -> int:
        """Number of [FIND]."""
        return self.token(FIND)

    def inputs(self, written: Sequence[RenderedChat]) -> Inputs:
        """Conversations as one batch on the model's device."""
        pad = self.words.pad_token_id or 0
        spacing = getattr(self.config.mllm_config.vision_config, "tokens_per_second", 1)
        return collate(written, pad, spacing).to(self.device)

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

    def segment(
        self,
        video: str | Path | Video,
        sentence: str | Sequence[str],
        moment: Moment | str | Sequence[Moment | None] | None = None,
        progress: Report | None = None,
    ) -> Any:
        """When the sentence holds in the video (or image), and which pixels it means.

        Args:
            video: a file, a folder of frames, an image, or an open :class:`momentvos.Video`.
            sentence: what to find, described or asked for; several share what can be shared.
            moment: M+ where it is known, as in :meth:`momentvos.TglModel.segment`; the frames to
                look at are then chosen from it.
            progress: called with the stage's name, frames done and frames in all.

        Returns:
            A Prediction, or a list of them for a list of sentences. An answer without [SEG] is
            "not found", with what was said instead among its notes.

        Raises:
            VideoError, SentenceError, MomentError: the input is unusable.
        """
        sentences = [sentence] if isinstance(sentence, str) else list(sentence)
        answers = list(self.segment_each(video, sentences, moment, progress))
        return answers[0] if isinstance(sentence, str) else answers

    def segment_each(
        self,
        video: str | Path | Video,
        sentences: Sequence[str],
        moment: Moment | str | Sequence[Moment | None] | None = None,
        progress: Report | None = None,
    ) -> Iterator[Prediction]:
        """As `segment`, but each sentence's Prediction as soon as it is there."""
        from momentvos.media import Video
        from momentvos.systems.momentseg.segmenter import segment_video

        opened = Video.open(video)
        moments = moments_of(moment, opened, len(sentences))
        answers = segment_video(self, opened, sentences, moments, progress)
        return one_by_one(self, answers)

    def ground(self, video: str | Path | Video, sentence: str) -> tuple[list[float], Moment]:
        """Relevance 0..1 of every frame, and the moment it means, by [FIND].

        Without [FIND] in the answer every frame is as relevant as any: 0.5, and no moment.

        Raises:
            VideoError, SentenceError: the input is unusable.
        """
        from momentvos.media import Video
        from momentvos.systems.momentseg.film import Film
        from momentvos.systems.momentseg.ground import ground_sentence

        with evaluating(self):
            found = ground_sentence(self, Film.of(self, Video.open(video)), sentence)
        if found.curve is None:
            return [0.5] * found.length, Moment.empty()
        return list(found.curve), found.moment(self.config.relevance_threshold)

    def ask(self, video: str | Path | Video, question: str) -> str:
        """An answer in words to a question about a video or an image.

        Raises:
            VideoError, SentenceError: the input is unusable.
        """
        from momentvos.media import Video
        from momentvos.systems.momentseg.ground import answer_question

        with evaluating(self):
            return answer_question(self, Video.open(video), question)

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

    def read(self, sentences: Sequence[str]) -> tuple[Tensor, Tensor]:
        """States of requests to segment what sentences say, nothing being shown.

        `mllm.word_states` [L, N, 2 D] and bool [L, N], True = real token; for
        `systems.judge.Listener`.
        """
        hidden, inputs = self._requested(sentences)
        return word_states(self.mllm, inputs, hidden), inputs.mask

    def directions(self, nouns: Sequence[str]) -> Tensor:
        """What [SEG] tells SAM2 of nouns, nothing being shown: [K, C]."""
        hidden, inputs = self._requested(nouns)
        states = states_at(hidden, inputs.ids, self.seg_token)
        return self.prompts(torch.cat(states))[:, 0]

    def _requested(self, sentences: Sequence[str]) -> tuple[Tensor, Inputs]:
        turns = [Turn((SEG_QUESTION.format(one),), SEG_ANSWERS[0]) for one in sentences]
        inputs = self.inputs([render_chat(self.words, [turn]) for turn in turns])
        return hidden_states(self.mllm, inputs), inputs

    def merge(self) -> None:
        """Fold the adapters into the language model."""
        if self.config.lora is not None:
            merge_lora(self.mllm)
            self.config.lora = None

    def prompts(self, states: Tensor) -> Tensor:
        """States [N, D] at [SEG] to SAM2's prompt tokens [N, 1, C]."""
        prompt: Tensor = self.seg_mlp(states)
        return prompt[:, None]

    def save_pretrained(self, save_directory: str | Path, **kwargs: Any) -> None:
        """Write config, safetensors and tokenizer into a folder."""
        super().save_pretrained(save_directory, **kwargs)
        if self.tokenizer is not None:
            self.tokenizer.save_pretrained(save_directory)

    @classmethod
    def from_pretrained(cls, name: str | Path, *args: Any, **kwargs: Any) -> MomentSegModel:
        """Load a model with its tokenizer from a folder or a hub id.

        Raises:
            ModelError: it is of another kind, or weights are missing or of another shape.
        """
        kind = cls.config_class.get_config_dict(name)[0].get("model_type")
        if kind != cls.config_class.model_type:
            raise ModelError(f"'{name}' is a model of type '{kind}', not a MomentSeg model.")
        kwargs["output_loading_info"] = True
        model, info = super().from_pretrained(name, *args, **kwargs)
        complete(name, info)
        model.tokenizer = tokenizer_beside(name, model.config.mllm_config)
        return model

    @classmethod
    def from_parts(cls, sam: str | Path, mllm: str | Path, **overrides: Any) -> MomentSegModel:
        """A new model around published weights; the two perceptrons start untrained.

        Args:
            sam: folder or hub id of a ``transformers`` SAM2 video model, for instance
                ``facebook/sam2-hiera-large``.
            mllm: folder or hub id of a Qwen2.5-VL or Qwen3-VL with its tokenizer, for instance
                ``Qwen/Qwen2.5-VL-3B-Instruct``.
            overrides: fields of :class:`MomentSegConfig`. ``original_decoder=True`` keeps a copy
                of SAM2's mask decoder.

        Raises:
            ModelError: one of them cannot be read, is of another kind, or lacks weights.
        """
        language = part(AutoModelForImageTextToText, mllm)
        segmenter = part(Sam2VideoModel, sam)
        lora = overrides.pop("lora", None)
        config = MomentSegConfig(
            sam_config=segmenter.config, mllm_config=language.config, **overrides
        )
        model = cls(config)
        model.mllm.load_state_dict(language.state_dict())
        model.sam.load_state_dict(segmenter.state_dict())
        if model.original_decoder is not None:
            model.original_decoder.load_state_dict(segmenter.mask_decoder.state_dict())
        model.use_tokenizer(tokenizer_beside(mllm, language.config))
        if lora is not None:
            add_lora(model.mllm, Lora.from_dict(lora))
            model.config.lora = lora
            model._freeze()
        return model


def _mlp(width: int, out: int) -> nn.Sequential:
    return nn.Sequential(nn.Linear(width, width), nn.ReLU(), nn.Linear(width, out))
