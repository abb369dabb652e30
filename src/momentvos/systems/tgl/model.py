"""TGL, and its baseline SAMWISE: SAM2 and RoBERTa joined by adapters, run by a plan."""

from __future__ import annotations

from collections.abc import Sequence
from math import gcd, lcm
from pathlib import Path
from typing import TYPE_CHECKING, Any

from torch import Tensor, nn
from transformers import RobertaModel, Sam2VideoModel

from momentvos.selection import TrackSelector
from momentvos.systems.base import System
from momentvos.systems.loading import part, tokenizer_beside
from momentvos.systems.patches.motion import MOVING, MotionEncoder
from momentvos.systems.patches.prompt import PatchPrompt
from momentvos.systems.patches.relevance import PatchRelevance
from momentvos.systems.tgl.adapter import CrossModalAdapter
from momentvos.systems.tgl.cme import ConditionalMemoryEncoder
from momentvos.systems.tgl.config import TglConfig
from momentvos.systems.tgl.prompt import TextPrompt
from momentvos.systems.tgl.session import TglSession
from momentvos.systems.tgl.streaming import TglStream
from momentvos.systems.tgl.tam import TemporalAlignment
from momentvos.text import Tokens, embed, encode, layers

if TYPE_CHECKING:
    from momentvos.data.batch import ClipBatch
    from momentvos.systems.tgl.objective import TglOutput

FROZEN = ("sam.vision_encoder", "sam.prompt_encoder", "text_encoder")
"""Parts that the paper keeps frozen: both encoders, and SAM2's own prompt tokens (its Fig. 2)."""


class TglModel(System):
    """Temporally Grounded Learning on one SAM2.

    Attributes:
        text_encoder: RoBERTa.
        adapters: one cross-modal adapter per stage in ``config.visual_stages`` (Eq. 1).
        motion: encoder of motion, added before the adapters (not in the paper), or None.
        text_prompt: E_C and E_M to rho_txt (Eq. 2).
        tam: the built-in grounder (appendix A.2.2), or None.
        patches, patch_prompt: a TAM that scores patches, beside the other or in its place, and the
            dense prompt made of its scores (not in the paper), or None.
        conditional_memory_encoder: SAMWISE's, or None.
    """

    config_class = TglConfig
    config: TglConfig
    base_model_prefix = "tgl"
    session_class = TglSession
    stream_class = TglStream

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
        self.patches: PatchRelevance | None = None
        self.patch_prompt: PatchPrompt | None = None
        if config.patch_dim:
            if self.motion is None:
                raise ValueError("patch_dim needs a motion encoder, but motion_dim is 0")
            widths = hidden, hidden // 4, config.motion_dim, text.hidden_size, text.hidden_size
            self.patches = PatchRelevance(*widths, config.patch_dim, motions=config.patch_motions)
            self.patch_prompt = PatchPrompt(hidden)
        self.selector = TrackSelector(text.hidden_size) if config.has_selector else None
        self.post_init()
        if not config.backbone_trainable:
            for name, parameter in self.named_parameters():
                parameter.requires_grad_(not name.startswith(FROZEN))

    @property
    def can_ground(self) -> bool:
        """Whether it has a TAM, of frames or of patches."""
        return self.tam is not None or self.patches is not None

    @property
    def resolution_step(self) -> int:
        """See `System`; a patch of an adapter is a whole number of cells."""
        side = self.config.image_size
        parts = (side // gcd(side, patch) for patch in self.config.adapter_patches)
        return lcm(super().resolution_step, *parts)

    def set_resolution(self, side: int) -> None:
        """See `System`; patches of the adapters keep their share of the frame."""
        before = self.config.image_size
        super().set_resolution(side)
        patches = [patch * side // before for patch in self.config.adapter_patches]
        self.config.adapter_patches = patches
        for adapter, patch in zip(self.adapters, patches, strict=True):
            assert isinstance(adapter, CrossModalAdapter)
            adapter.set_patch(patch)

    @property
    def text_model_config(self) -> Any:
        """See `System`."""
        return self.config.text_config

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
            single_spaces=self.config.single_spaces,
            tagger=self.config.tagger if self.config.verbs else None,
        )
        return tokens.to(self.device)

    def encode_words(self, sentences: Sequence[str]) -> tuple[Tensor, Tensor]:
        """States of the text encoder without adapters: [L, N, D], bool [L, N]."""
        tokens = self.tokenize(sentences)
        text = embed(self.text_encoder, tokens.ids, tokens.mask)
        depth = self.config.text_layers[-1]
        return layers(self.text_encoder, text, tokens.mask, 0, depth), tokens.mask

    def embed_words(self, sentences: Sequence[str]) -> tuple[Tensor, Tensor]:
        """Embeddings of words, before any layer: [L, N, D], bool [L, N]."""
        tokens = self.tokenize(sentences)
        words: Tensor = self.text_encoder.get_input_embeddings()(tokens.ids)
        return words, tokens.mask

    def noun_prompts(self, nouns: Sequence[str]) -> Tensor:
        """Prompts of nouns in the space of F_SAM, [K, C]: their first tokens, unadapted."""
        return self.prompt(self.encode_words(nouns)[0], self.tokenize(nouns))[:, 0]

    def prompt(self, text: Tensor, tokens: Tokens) -> Tensor:
        """rho_txt [L, K, C] from E_Adp [L, N, D] (Eq. 2)."""
        nothing = self.sam.prompt_encoder.not_a_point_embed.weight
        prompt: Tensor = self.text_prompt(text, tokens, nothing)
        return prompt

    def forward(self, batch: ClipBatch) -> TglOutput:
        """One training clip per query, see :mod:`momentvos.systems.tgl.objective`."""
        from momentvos.systems.tgl.objective import segment_clip

        return segment_clip(self, batch)

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
