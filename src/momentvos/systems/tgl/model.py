"""TGL, and its baseline SAMWISE: SAM2 and RoBERTa joined by adapters, run by a plan."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from torch import Tensor, nn
from transformers import (
    PreTrainedTokenizerBase,
    RobertaModel,
    Sam2VideoModel,
)

from momentvos.errors import ModelError
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
from momentvos.systems.tgl.adapter import CrossModalAdapter
from momentvos.systems.tgl.cme import ConditionalMemoryEncoder
from momentvos.systems.tgl.config import TglConfig
from momentvos.systems.tgl.motion import MOVING, MotionEncoder
from momentvos.systems.tgl.prompt import TextPrompt
from momentvos.systems.tgl.tam import TemporalAlignment
from momentvos.text import Tokens, embed, encode, layers

if TYPE_CHECKING:
    from momentvos.data.batch import ClipBatch
    from momentvos.media import Video
    from momentvos.results.prediction import Prediction
    from momentvos.systems.tgl.lane import Report
    from momentvos.systems.tgl.objective import TglOutput

FROZEN = ("sam.vision_encoder", "sam.prompt_encoder", "text_encoder")
"""What the paper keeps frozen: both encoders, and SAM2's own prompt tokens (its Fig. 2)."""


class TglModel(System):
    """Temporally Grounded Learning on one SAM2.

    Attributes:
        sam: SAM2, all of it.
        text_encoder: RoBERTa.
        adapters: one cross-modal adapter per stage in ``config.visual_stages`` (Eq. 1).
        motion: how things move, for the adapters (not in the paper), or None.
        text_prompt: E_C and E_M to rho_txt (Eq. 2).
        tam: the built-in grounder (appendix A.2.2), or None.
        judge: says of things that were followed which are meant (not in the paper), or None.
        conditional_memory_encoder: SAMWISE's, or None.
        tokenizer: saved and loaded with the weights.
    """

    config_class = TglConfig
    config: TglConfig
    base_model_prefix = "tgl"
    main_input_name = "batch"
    _supports_sdpa = True

    def __init__(self, config: TglConfig) -> None:
        super().__init__(config)
        sam, text = config.sam_config, config.text_config
        if max(config.text_layers) > text.num_hidden_layers:
            raise ValueError(
                f"text_layers go up to {max(config.text_layers)}, but the text encoder has "
                f"{text.num_hidden_layers} layers"
            )
        channels = sam.vision_config.backbone_config.embed_dim_per_stage
        hidden = sam.vision_config.fpn_hidden_size
        self.sam = Sam2VideoModel(sam)
        self.text_encoder = RobertaModel(text, add_pooling_layer=False)
        self.adapters = nn.ModuleList(
            CrossModalAdapter(
                channels[stage],
                text.hidden_size,
                config.adapter_dim,
                config.adapter_heads,
                patch,
                hsa=config.adapter_hsa,
                dropout=config.adapter_dropout,
                norm=config.adapter_norm,
                out_activation=config.adapter_activation,
                zero_init=config.adapter_zero_init,
            )
            for stage, patch in zip(config.visual_stages, config.adapter_patches, strict=True)
        )
        self.motion = (
            MotionEncoder(config.motion_dim, [channels[stage] for stage in MOVING])
            if config.motion_dim
            else None
        )
        self.text_prompt = TextPrompt(text.hidden_size, hidden, verbs=config.verbs)
        self.conditional_memory_encoder = ConditionalMemoryEncoder(hidden) if config.cme else None
        self.tam: TemporalAlignment | None = None
        if config.tam_layers:
            sizes = hidden, text.hidden_size, config.tam_dim, config.tam_heads
            depth, match = config.tam_layers, (1 + config.verbs) * config.tam_match
            self.tam = TemporalAlignment(*sizes, depth, config.tam_pool, match)
        self.judge = TrackSelector(text.hidden_size) if config.judge else None
        self.tokenizer: PreTrainedTokenizerBase | None = None
        self.post_init()
        if not config.backbone_trainable:
            for name, parameter in self.named_parameters():
                parameter.requires_grad_(not name.startswith(FROZEN))

    def _init_weights(self, module: nn.Module) -> None:
        """Every part draws its own weights when it is built."""

    def tokenize(self, sentences: Sequence[str]) -> Tokens:
        """Sentences to padded token ids, mask and verb flags, on the model's device.

        Raises:
            SentenceError: a sentence is empty.
        """
        if self.tokenizer is None:
            raise ValueError("the model has no tokenizer: load it with from_pretrained")
        tokens = encode(
            self.tokenizer,
            sentences,
            length=self.config.text_config.max_position_embeddings - 2,
            lower=self.config.lower_case,
            tagger=self.config.tagger if self.config.verbs else None,
        )
        return tokens.to(self.device)

    def read(self, sentences: Sequence[str]) -> tuple[Tensor, Tensor]:
        """Sentences as the text encoder has them, no adapter between: [L, N, D], bool [L, N]."""
        tokens = self.tokenize(sentences)
        text = embed(self.text_encoder, tokens.ids, tokens.mask)
        depth = self.config.text_layers[-1]
        return layers(self.text_encoder, text, tokens.mask, 0, depth), tokens.mask

    def directions(self, nouns: Sequence[str]) -> Tensor:
        """What nouns look like to F_SAM, [K, C]: the first prompt token of each, unadapted."""
        return self.prompt(self.read(nouns)[0], self.tokenize(nouns))[:, 0]

    def prompt(self, text: Tensor, tokens: Tokens) -> Tensor:
        """rho_txt [L, K, C] from E_Adp [L, N, D] (Eq. 2)."""
        nothing = self.sam.prompt_encoder.not_a_point_embed.weight
        prompt: Tensor = self.text_prompt(text, tokens, nothing)
        return prompt

    def segment(
        self,
        video: str | Path | Video,
        sentence: str | Sequence[str],
        moment: Moment | str | Sequence[Moment | None] | None = None,
        progress: Report | None = None,
    ) -> Any:
        """When the sentence holds in the video, and which pixels it means.

        Args:
            video: a file, a folder of frames, an image, or an open :class:`momentvos.Video`.
            sentence: what to find; several sentences share the encoding of the video.
            moment: M+ where it is known: a Moment, text such as ``"3.2s-5.0s"`` or ``"40:62"``
                or ``"all"``, or one Moment (or None) per sentence. None: the model finds it.
            progress: called with the stage's name, frames done and frames in all.

        Returns:
            A Prediction, or a list of them for a list of sentences.

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
        from momentvos.systems.tgl.segmenter import segment_video

        opened = Video.open(video)
        moments = moments_of(moment, opened, len(sentences))
        answers = segment_video(self, opened, sentences, moments, progress)
        return one_by_one(self, answers)

    def ground(self, video: str | Path | Video, sentence: str) -> tuple[list[float], Moment]:
        """Relevance 0..1 of every frame, and the moment it means, by TAM (appendix A.2.2).

        Raises:
            ModelError: the model has no TAM.
            VideoError, SentenceError: the input is unusable.
        """
        from momentvos.media import Video
        from momentvos.systems.tgl.ground import relevance
        from momentvos.systems.tgl.reader import FeatureReader

        if self.tam is None:
            raise ModelError("This model has no grounder of its own; give the moment yourself.")
        with evaluating(self):
            reader = FeatureReader(self, Video.open(video))
            curve = relevance(self, reader, self.tokenize([sentence]))[0].sigmoid().tolist()
        config = self.config
        return curve, Moment.from_relevance(
            curve, config.relevance_threshold, config.relevance_median
        )

    def forward(self, batch: ClipBatch) -> TglOutput:
        """One training clip per query, see :mod:`momentvos.systems.tgl.objective`."""
        from momentvos.systems.tgl.objective import segment_clip

        return segment_clip(self, batch)

    def save_pretrained(self, save_directory: str | Path, **kwargs: Any) -> None:
        """Write config, safetensors and tokenizer into a folder."""
        super().save_pretrained(save_directory, **kwargs)
        if self.tokenizer is not None:
            self.tokenizer.save_pretrained(save_directory)

    @classmethod
    def from_pretrained(cls, name: str | Path, *args: Any, **kwargs: Any) -> TglModel:
        """Load a model with its tokenizer from a folder or a hub id.

        Raises:
            ModelError: it is of another kind, or weights are missing or of another shape.
        """
        kind = cls.config_class.get_config_dict(name)[0].get("model_type")
        if kind != cls.config_class.model_type:
            raise ModelError(f"'{name}' is a model of type '{kind}', not a TGL model.")
        kwargs["output_loading_info"] = True
        model, info = super().from_pretrained(name, *args, **kwargs)
        complete(name, info)
        model.tokenizer = tokenizer_beside(name, model.config.text_config)
        return model

    @classmethod
    def from_parts(cls, sam: str | Path, text: str | Path, **overrides: Any) -> TglModel:
        """A new model around published weights; adapters, prompt MLP and TAM start untrained.

        Args:
            sam: folder or hub id of a ``transformers`` SAM2 video model, for instance
                ``facebook/sam2-hiera-base-plus``.
            text: folder or hub id of a RoBERTa with its tokenizer, for instance ``roberta-base``.
            overrides: fields of :class:`TglConfig`.

        Raises:
            ModelError: one of them cannot be read, is of another kind, or lacks weights.
            ValueError: the overrides do not fit the two encoders.
        """
        encoder = part(RobertaModel, text, add_pooling_layer=False)
        segmenter = part(Sam2VideoModel, sam)
        config = TglConfig(sam_config=segmenter.config, text_config=encoder.config, **overrides)
        model = cls(config)
        model.sam.load_state_dict(segmenter.state_dict())
        model.text_encoder.load_state_dict(encoder.state_dict())
        model.text_prompt.start_motion_from_text()
        model.tokenizer = tokenizer_beside(text, encoder.config)
        return model
