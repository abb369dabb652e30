"""TGL's configuration: the two encoders, the adapters, and every ablation switch."""

from typing import Annotated, Any, Literal

from transformers import RobertaConfig

from momentvos.ranges import Range, Rate, Share
from momentvos.systems.config import SystemConfig

Scope = Literal["moment", "window"]
BankContent = Literal["moment", "all"]
Width = Annotated[int, Range(1, 65536)]
Places = Annotated[tuple[int, ...] | list[int], Range(0, 1000)]


class TglConfig(SystemConfig):
    """Everything that defines a TGL (or SAMWISE) model.

    Where the paper is silent the choices are those of docs/architecture.md; deviations from it
    are options whose default keeps to the paper. What every system has: :class:`SystemConfig`.

    Args:
        text_config: RoBERTa.
        visual_stages: Hiera stages (0-based) followed by an adapter: "the last three".
        text_layers: number of RoBERTa layers done before each adapter.
        adapter_dim, adapter_heads, adapter_dropout: width of the adapters.
        adapter_hsa: hierarchical selective attention inside the adapters (SAMWISE).
        adapter_patches: HSA patch size per adapter.
        adapter_norm: "batch" as published; "layer" suits training from scratch in small batches.
        adapter_activation: ReLU on the visual delta as published.
        adapter_zero_init: start as the identity.
        motion_dim: width of the encoder of motion before the first two adapters, see
            :mod:`momentvos.systems.patches.motion`; 0: none, as published.
        text_mask: keep padding out of the adapters' attention (upstream attends to it).
        verbs: the verb token E_M of Eq. 2 (off in the released SAMWISE weights).
        tagger: of verbs: "rules" (built in) or "spacy".
        lower_case: lower-case sentences.
        single_spaces: collapse white space in sentences.
        cme: SAMWISE's conditional memory encoder.
        window: most frames that an adapter reads at once (T of the paper).
        adapter_scope: "moment" adapts windows of M+ frames alone (the paper's two separate
            streams); "window" adapts windows of consecutive frames, M- included, so that
            grounding and segmentation share one pass.
        moment_features: MFE, Table 3: M- frames keep F_SAM and get no prompt.
        moment_reads: M+ frames read the memories of earlier ones (Eq. 3). False leaves them to the
            prompt alone, which a memory trained for minutes disturbs; not in the paper.
        single_reads: a window of one frame reads the memories of earlier ones. False: SAMWISE's
            program takes it for an image.
        memory: "moment" writes M+ only, "all" writes every frame (Table 3).
        memory_frames: memories read ("the 6 nearest frames").
        pointers: object pointers read.
        slots: temporal encoding by "rank" of nearness or by "distance".
        object_score: the decoder predicts one; SAMWISE's image pre-training goes without.
        tam_dim, tam_layers, tam_heads, tam_pool, tam_span: Temporal Alignment Module (A.2.2):
            width, depth, heads, side of the pooled map, most frames scored at once;
            tam_layers = 0: none.
        tam_match: patches that match the sentence's noun add to a frame's relevance (not in the
            paper), see :func:`momentvos.systems.tgl.similarity.match`.
        patch_dim: width of a TAM that scores patches of F_SAM over `tam_span` frames, which also
            prompt the mask decoder (not in the paper), see :mod:`momentvos.systems.patches`; 0:
            none. Needs `motion_dim`. Where there is the other TAM too, relevance is the mean of
            both.
        patch_motions: motions that the same TAM tells apart, in patches and in sentences; 0: none.
        relevance_threshold: frames above it belong to the moment.
        relevance_median: frames of the median filter on the relevance curve (odd).
        rate: frames per second at which windows are taken, None for every frame.
        image_fit: how pictures lie in SAM2's square: "pad", the longer side fills it, or "samwise",
            with SAMWISE's roundings, see :func:`momentvos.sam2.geometry.fit`.
    """

    model_type = "momentvos_tgl"
    sub_configs = SystemConfig.sub_configs | {"text_config": RobertaConfig}
    switches = (
        SystemConfig.switches
        | {"adapter_scope", "window", "moment_features", "moment_reads", "single_reads"}
        | {"memory", "memory_frames", "pointers", "slots"}
        | {"tam_span", "relevance_threshold", "relevance_median", "rate", "image_fit"}
    )
    parts = frozenset({"patch_dim", "patch_motions", "tam_layers"})
    published_values = SystemConfig.published_values | {"moment_reads": True}

    text_config: Any = None
    visual_stages: Places = (1, 2, 3)
    text_layers: Places = (4, 8, 12)
    adapter_dim: Width = 256
    adapter_heads: Width = 8
    adapter_dropout: Share = 0.1
    adapter_hsa: bool = True
    adapter_patches: Annotated[tuple[int, ...] | list[int], Range(1, 1024)] = (8, 4, 2)
    adapter_norm: Literal["batch", "layer"] = "batch"
    adapter_activation: bool = True
    adapter_zero_init: bool = False
    motion_dim: Annotated[int, Range(0, 65536)] = 0
    text_mask: bool = False
    verbs: bool = False
    tagger: Literal["rules", "spacy"] = "rules"
    lower_case: bool = True
    single_spaces: bool = True
    cme: bool = False
    window: Annotated[int, Range(1, 4096)] = 8
    adapter_scope: Scope = "moment"
    moment_features: bool = True
    moment_reads: bool = True
    single_reads: bool = True
    memory: BankContent = "moment"
    memory_frames: Annotated[int, Range(0, 1024)] = 6
    pointers: Annotated[int, Range(0, 1024)] = 15
    slots: Literal["rank", "distance"] = "rank"
    object_score: bool = True
    tam_dim: Width = 256
    tam_layers: Annotated[int, Range(0, 1000)] = 2
    tam_heads: Width = 8
    tam_pool: Annotated[int, Range(1, 1024)] = 4
    tam_span: Annotated[int, Range(1, 65536)] = 64
    tam_match: bool = False
    patch_dim: Annotated[int, Range(0, 4096)] = 0
    patch_motions: Annotated[int, Range(0, 4096)] = 0
    relevance_threshold: Share = 0.5
    relevance_median: Annotated[int, Range(1, 4095)] = 3
    rate: Rate | None = None
    image_fit: Literal["pad", "samwise"] = "pad"

    def check(self) -> None:
        """See `SystemConfig.check`."""
        super().check()
        if self.relevance_median % 2 == 0:
            raise ValueError(f"'relevance_median' must be odd, not {self.relevance_median}")
