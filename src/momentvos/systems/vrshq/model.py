"""VRS-HQ: a multimodal language model that says a token a frame and one for the video to SAM2."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn
from transformers import (
    AutoModelForImageTextToText,
    PreTrainedTokenizerBase,
    Sam2VideoModel,
)

from momentvos.errors import ModelError
from momentvos.mllm import (
    Lora,
    Turn,
    add_lora,
    add_tokens,
    chatunivi,
    collate,
    fit_embeddings,
    hidden_states,
    merge_lora,
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
from momentvos.systems.vrshq import dialect
from momentvos.systems.vrshq.config import VrsHqConfig
from momentvos.systems.vrshq.templates import SEG, TAK, TOKENS, answer, question

if TYPE_CHECKING:
    from momentvos.data.batch import ClipBatch
    from momentvos.media import Video
    from momentvos.results.prediction import Prediction
    from momentvos.systems.examples import Examples
    from momentvos.systems.vrshq.examples import Example
    from momentvos.systems.vrshq.losses import Weights
    from momentvos.systems.vrshq.objective import VrsHqOutput
    from momentvos.systems.vrshq.segmenter import Report

TRAINED = ("text_mlp", "sam.mask_decoder", "judge")


class VrsHqModel(System):
    """A language model with [SEG] and [TAK], and SAM2.

    Attributes:
        mllm: Qwen2.5-VL or Chat-UniVi, with adapters where ``config.lora`` says so.
        sam: SAM2, its mask decoder fine-tuned.
        text_mlp: states that predict [SEG] or [TAK] to prompts of SAM2.
        judge: says of things that were followed which are meant (not in the paper), or None.
        tokenizer: saved and loaded with the weights.
    """

    config_class = VrsHqConfig
    config: VrsHqConfig
    base_model_prefix = "vrshq"
    main_input_name = "batch"
    supports_gradient_checkpointing = True
    _supports_sdpa = True
    _supports_flash_attn = True

    def __init__(self, config: VrsHqConfig) -> None:
        super().__init__(config)
        chatunivi.register()
        self.mllm = AutoModelForImageTextToText.from_config(config.mllm_config)
        if config.lora is not None:
            add_lora(self.mllm, Lora.from_dict(config.lora))
        self.sam = Sam2VideoModel(config.sam_config)
        width = config.mllm_config.get_text_config().hidden_size
        prompt = config.sam_config.vision_config.fpn_hidden_size
        self.text_mlp = nn.Sequential(nn.Linear(width, width), nn.ReLU(), nn.Linear(width, prompt))
        self.judge = TrackSelector(2 * width) if config.judge else None
        self.tokenizer: PreTrainedTokenizerBase | None = None
        self.post_init()
        self._freeze()

    def _init_weights(self, module: nn.Module) -> None:
        """Every part draws its own weights when it is built."""

    def _freeze(self) -> None:
        """Leave to training what the paper trains.

        The adapters (or, without any, the whole language model but its vision tower), both
        embeddings, the perceptron and SAM2's mask decoder.
        """
        mark = "lora_" if self.config.lora is not None else "language_model"
        ends = ("embed_tokens.weight", "lm_head.weight")
        for name, parameter in self.named_parameters():
            spoken = name.startswith("mllm.") and (mark in name or name.endswith(ends))
            trained = self.config.backbone_trainable or name.startswith(TRAINED) or spoken
            parameter.requires_grad_(trained)

    @property
    def words(self) -> PreTrainedTokenizerBase:
        """The tokenizer; ValueError where the model has none yet."""
        if self.tokenizer is None:
            raise ValueError("the model has no tokenizer: load it with from_pretrained")
        return self.tokenizer

    def use_tokenizer(self, tokenizer: PreTrainedTokenizerBase) -> None:
        """Take a tokenizer, give it [SEG] and [TAK], and every token an embedding."""
        add_tokens(tokenizer, TOKENS)
        fit_embeddings(self.mllm, tokenizer)
        self.config.mllm_config = self.mllm.config
        self.tokenizer = tokenizer

    @property
    def seg_token(self) -> int:
        """Number of [SEG]."""
        number: int = self.words.convert_tokens_to_ids(SEG)
        return number

    @property
    def tak_token(self) -> int:
        """Number of [TAK]."""
        number: int = self.words.convert_tokens_to_ids(TAK)
        return number

    def inputs(self, written: Sequence[RenderedChat]) -> Inputs:
        """Conversations as one batch on the model's device."""
        pad = self.words.pad_token_id or 0
        spacing = getattr(self.config.mllm_config.vision_config, "tokens_per_second", 1)
        return collate(written, pad, spacing).to(self.device)

    def segment(
        self,
        video: str | Path | Video,
        sentence: str | Sequence[str],
        moment: Moment | str | Sequence[Moment | None] | None = None,
        progress: Report | None = None,
        relevance: Sequence[float] | None = None,
    ) -> Any:
        """Which pixels the sentence means in the video (or image), and in which frames there are.

        Args:
            video: a file, a folder of frames, an image, or an open :class:`momentvos.Video`.
            sentence: what to find, described or asked for; several share what can be shared.
            moment: M+ where it is known, as in :meth:`momentvos.TglModel.segment`: frames are
                sampled so as to meet it, and the keyframe is taken from it. Else the moment of
                the answer is the frames in which the target was segmented: the paper has no
                other notion of when.
            progress: called with the stage's name, frames done and frames in all.
            relevance: a value a frame from any grounder; its largest is among the frames sampled,
                as CLIP's is in the released code.

        Returns:
            A Prediction, or a list of them for a list of sentences. "Not found" is what has a
            keyframe whose object probability is below ``config.presence_threshold``.

        Raises:
            VideoError, SentenceError, MomentError: the input is unusable.
        """
        sentences = [sentence] if isinstance(sentence, str) else list(sentence)
        answers = list(self.segment_each(video, sentences, moment, progress, relevance))
        return answers[0] if isinstance(sentence, str) else answers

    def segment_each(
        self,
        video: str | Path | Video,
        sentences: Sequence[str],
        moment: Moment | str | Sequence[Moment | None] | None = None,
        progress: Report | None = None,
        relevance: Sequence[float] | None = None,
    ) -> Iterator[Prediction]:
        """As `segment`, but each sentence's Prediction as soon as it is there."""
        from momentvos.media import Video
        from momentvos.systems.vrshq.segmenter import segment_video

        opened = Video.open(video)
        moments = moments_of(moment, opened, len(sentences))
        answers = segment_video(self, opened, sentences, moments, progress, relevance)
        return one_by_one(self, answers)

    def ground(self, video: str | Path | Video, sentence: str) -> tuple[list[float], Moment]:
        """Relevance 0..1 of every frame and the moment, as `segment` gives them, at its price.

        Relevance says how fit a frame is to be the keyframe. The moment is the frames in which
        the target was segmented, so it has to be tracked through all of them.

        Raises:
            VideoError, SentenceError: the input is unusable.
        """
        prediction = self.segment(video, sentence)
        return list(prediction.relevance), prediction.moment

    def ask(self, video: str | Path | Video, question: str) -> str:
        """An answer in words to a question about a video or an image.

        Raises:
            VideoError, SentenceError: the input is unusable.
        """
        from momentvos.media import Video
        from momentvos.systems.vrshq.listener import Listener

        with evaluating(self):
            return Listener(self, Video.open(video)).answer(question)

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
            batch = from_clips(batch, self.config.frames)
        return learn(self, batch, weights)

    def read(self, sentences: Sequence[str]) -> tuple[Tensor, Tensor]:
        """States of questions for what sentences say, nothing being shown.

        `mllm.word_states` [L, N, 2 D] and bool [L, N], True = real token; for
        `systems.judge.Listener`.
        """
        hidden, inputs = self._asked(sentences)
        return word_states(self.mllm, inputs, hidden), inputs.mask

    def directions(self, nouns: Sequence[str]) -> Tensor:
        """What [SEG] tells SAM2 of nouns, nothing being shown: [K, C]."""
        hidden, inputs = self._asked(nouns)
        found = states_at(hidden, inputs.ids, self.seg_token, shifted=self.config.shifted)
        return self.prompts(torch.cat(found))

    def _asked(self, sentences: Sequence[str]) -> tuple[Tensor, Inputs]:
        turns = [Turn((question(one, image=True),), answer(1)) for one in sentences]
        inputs = self.inputs([dialect.write(self, [turn]) for turn in turns])
        return hidden_states(self.mllm, inputs), inputs

    def merge(self) -> None:
        """Fold the adapters into the language model."""
        if self.config.lora is not None:
            merge_lora(self.mllm)
            self.config.lora = None

    def prompts(self, states: Tensor) -> Tensor:
        """States [..., D] that predict [SEG] or [TAK] to SAM2's prompt tokens [..., C]."""
        prompt: Tensor = self.text_mlp(states)
        return prompt

    def save_pretrained(self, save_directory: str | Path, **kwargs: Any) -> None:
        """Write config, safetensors and tokenizer into a folder."""
        super().save_pretrained(save_directory, **kwargs)
        if self.tokenizer is not None:
            self.tokenizer.save_pretrained(save_directory)

    @classmethod
    def from_pretrained(cls, name: str | Path, *args: Any, **kwargs: Any) -> VrsHqModel:
        """Load a model with its tokenizer from a folder or a hub id.

        Raises:
            ModelError: it is of another kind, or weights are missing or of another shape.
        """
        chatunivi.register()
        kind = cls.config_class.get_config_dict(name)[0].get("model_type")
        if kind != cls.config_class.model_type:
            raise ModelError(f"'{name}' is a model of type '{kind}', not a VRS-HQ model.")
        kwargs["output_loading_info"] = True
        model, info = super().from_pretrained(name, *args, **kwargs)
        complete(name, info)
        model.tokenizer = tokenizer_beside(name, model.config.mllm_config)
        return model

    @classmethod
    def from_parts(cls, sam: str | Path, mllm: str | Path, **overrides: Any) -> VrsHqModel:
        """A new model around published weights; the perceptron starts untrained.

        Args:
            sam: folder or hub id of a ``transformers`` SAM2 video model, for instance
                ``facebook/sam2-hiera-large``.
            mllm: folder or hub id of a Qwen2.5-VL, for instance ``Qwen/Qwen2.5-VL-7B-Instruct``,
                or folder of a converted Chat-UniVi, with its tokenizer.
            overrides: fields of :class:`VrsHqConfig`.

        Raises:
            ModelError: one of them cannot be read, is of another kind, or lacks weights.
        """
        chatunivi.register()
        language = part(AutoModelForImageTextToText, mllm)
        segmenter = part(Sam2VideoModel, sam)
        lora = overrides.pop("lora", None)
        config = VrsHqConfig(sam_config=segmenter.config, mllm_config=language.config, **overrides)
        model = cls(config)
        model.mllm.load_state_dict(language.state_dict())
        model.sam.load_state_dict(segmenter.state_dict())
        model.use_tokenizer(tokenizer_beside(mllm, language.config))
        if lora is not None:
            add_lora(model.mllm, Lora.from_dict(lora))
            model.config.lora = lora
            model._freeze()
        return model
