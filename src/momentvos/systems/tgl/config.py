"""TGL's configuration: the two encoders, the adapters, and every ablation switch."""

from typing import Any, ClassVar, Literal

from transformers import AutoConfig, PreTrainedConfig, RobertaConfig, Sam2VideoConfig

SWITCHES = frozenset(
    {"adapter_scope", "window", "moment_features", "moment_reads"}
    | {"memory", "memory_frames", "pointers", "slots", "gate", "guided_radius"}
    | {"consensus", "consensus_margin", "consensus_number"}
    | {"tam_span", "relevance_threshold", "relevance_median", "presence_threshold"}
    | {"judge_span", "judge_rate", "things_look", "things_threshold", "things_presence", "rate"}
)
"""Options that no weight depends on: a trained model may be run or trained on with others."""

Scope = Literal["moment", "window"]
BankContent = Literal["moment", "all"]


class TglConfig(PreTrainedConfig):
    """Everything that defines a TGL (or SAMWISE) model.

    Where the paper is silent the choices are those of docs/architecture.md; deviations from it
    are options whose default keeps to the paper.

    Args:
        sam_config: SAM2.
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
            :mod:`momentvos.systems.tgl.motion`; 0: none, as published.
        text_mask: keep padding out of the adapters' attention (upstream attends to it).
        verbs: the verb token E_M of Eq. 2 (off in the released SAMWISE weights).
        tagger: who finds the verbs: "rules" (built in) or "spacy".
        lower_case: lower-case sentences.
        cme: SAMWISE's conditional memory encoder.
        window: most frames an adapter sees at once (T of the paper).
        adapter_scope: "moment" adapts windows of M+ frames alone (the paper's two separate
            streams); "window" adapts windows of consecutive frames, M- included, so that
            grounding and segmentation share one pass.
        moment_features: MFE, Table 3: M- frames keep F_SAM and get no prompt.
        moment_reads: M+ frames read the memories of earlier ones (Eq. 3). False leaves them to the
            prompt alone, which a memory trained for minutes disturbs; not in the paper.
        memory: "moment" writes M+ only, "all" writes every frame (Table 3).
        memory_frames: memories read ("the 6 nearest frames").
        pointers: object pointers read.
        slots: temporal encoding by "rank" of nearness or by "distance".
        gate: blank frames whose object score is not positive.
        guided_radius: fit masks to the edges of the picture by a guided filter of this radius, in
            cells of the mask, see :mod:`momentvos.sam2.guided_filter`; memory holds them as they
            were before. 0: no filter, as published.
        consensus: follow up to so many things by memory and keep those that the frames of M+ agree
            upon, see :mod:`momentvos.selection.tracks`. Then the prompt alone decides in each of
            these frames, all others read the memory of one thing at a time, and `moment_features`,
            `moment_reads`, `memory`, `memory_frames`, `pointers`, `slots` and `cme` play no part.
            0: none, as published.
        consensus_margin: log-odds by which a thing may fall behind the one most agreed upon.
        consensus_number: as many things are meant as the sentence's grammar says ("a dog", "the two
            dogs"), see :mod:`momentvos.text.number`.
        object_score: the decoder predicts one; SAMWISE's image pre-training goes without.
        tam_dim, tam_layers, tam_heads, tam_pool, tam_span: Temporal Alignment Module (A.2.2):
            width, depth, heads, side of the pooled map, most frames scored at once;
            tam_layers = 0: none.
        tam_match: what is where the thing named may be adds to a frame's relevance (not in the
            paper), see :func:`momentvos.systems.tgl.similarity.match`.
        judge: of things followed by `consensus` it is judged whether they are meant, and when,
            see :mod:`momentvos.selection`; not in the paper.
        judge_span, judge_rate: most frames judged at once, and frames per second at which.
        relevance_threshold: frames above it belong to the moment.
        things_look, things_threshold, things_presence: with `judge` things are looked for in
            frames whose relevance exceeds the first; of theirs, the second and third take the place
            of `relevance_threshold` and `presence_threshold`.
        relevance_median: frames of the median filter on the relevance curve (odd).
        presence_threshold: below it the answer is "not found".
        rate: frames per second at which windows are taken, None for every frame.
        backbone_trainable: train the two encoders too (from scratch); else frozen, as the paper.
    """

    model_type = "momentvos_tgl"
    switches: ClassVar[frozenset[str]] = SWITCHES
    sub_configs = {"sam_config": Sam2VideoConfig, "text_config": RobertaConfig}

    def __init__(
        self,
        sam_config: Sam2VideoConfig | dict[str, Any] | None = None,
        text_config: RobertaConfig | dict[str, Any] | None = None,
        visual_stages: tuple[int, ...] = (1, 2, 3),
        text_layers: tuple[int, ...] = (4, 8, 12),
        adapter_dim: int = 256,
        adapter_heads: int = 8,
        adapter_dropout: float = 0.1,
        adapter_hsa: bool = True,
        adapter_patches: tuple[int, ...] = (8, 4, 2),
        adapter_norm: Literal["batch", "layer"] = "batch",
        adapter_activation: bool = True,
        adapter_zero_init: bool = False,
        motion_dim: int = 0,
        text_mask: bool = False,
        verbs: bool = False,
        tagger: Literal["rules", "spacy"] = "rules",
        lower_case: bool = True,
        cme: bool = False,
        window: int = 8,
        adapter_scope: Scope = "moment",
        moment_features: bool = True,
        moment_reads: bool = True,
        memory: BankContent = "moment",
        memory_frames: int = 6,
        pointers: int = 15,
        slots: Literal["rank", "distance"] = "rank",
        gate: bool = True,
        guided_radius: int = 0,
        consensus: int = 0,
        consensus_margin: float = 0.8,
        consensus_number: bool = False,
        object_score: bool = True,
        tam_dim: int = 256,
        tam_layers: int = 2,
        tam_heads: int = 8,
        tam_pool: int = 4,
        tam_span: int = 64,
        tam_match: bool = False,
        judge: bool = False,
        judge_span: int = 32,
        judge_rate: float = 8.0,
        relevance_threshold: float = 0.5,
        things_look: float = 0.1,
        things_threshold: float = 0.5,
        things_presence: float = 0.5,
        relevance_median: int = 3,
        presence_threshold: float = 0.5,
        rate: float | None = None,
        backbone_trainable: bool = False,
        **kwargs: Any,
    ) -> None:
        self.sam_config = _config(sam_config, Sam2VideoConfig)
        self.text_config = _config(text_config, RobertaConfig)
        self.visual_stages = list(visual_stages)
        self.text_layers = list(text_layers)
        self.adapter_dim = adapter_dim
        self.adapter_heads = adapter_heads
        self.adapter_dropout = adapter_dropout
        self.adapter_hsa = adapter_hsa
        self.adapter_patches = list(adapter_patches)
        self.adapter_norm = adapter_norm
        self.adapter_activation = adapter_activation
        self.adapter_zero_init = adapter_zero_init
        self.motion_dim = motion_dim
        self.text_mask = text_mask
        self.verbs = verbs
        self.tagger = tagger
        self.lower_case = lower_case
        self.cme = cme
        self.window = window
        self.adapter_scope = adapter_scope
        self.moment_features = moment_features
        self.moment_reads = moment_reads
        self.memory = memory
        self.memory_frames = memory_frames
        self.pointers = pointers
        self.slots = slots
        self.gate = gate
        self.guided_radius = guided_radius
        self.consensus = consensus
        self.consensus_margin = consensus_margin
        self.consensus_number = consensus_number
        self.object_score = object_score
        self.tam_dim = tam_dim
        self.tam_layers = tam_layers
        self.tam_heads = tam_heads
        self.tam_pool = tam_pool
        self.tam_span = tam_span
        self.tam_match = tam_match
        self.judge = judge
        self.judge_span = judge_span
        self.judge_rate = judge_rate
        self.relevance_threshold = relevance_threshold
        self.things_look = things_look
        self.things_threshold = things_threshold
        self.things_presence = things_presence
        self.relevance_median = relevance_median
        self.presence_threshold = presence_threshold
        self.rate = rate
        self.backbone_trainable = backbone_trainable
        super().__init__(**kwargs)

    @property
    def image_size(self) -> int:
        """Side of SAM2's square input in pixels."""
        size = self.sam_config.image_size
        return int(size if isinstance(size, int) else size[0])


def _config(value: Any, kind: type[PreTrainedConfig]) -> PreTrainedConfig:
    if value is None:
        return kind()
    if isinstance(value, dict):
        return AutoConfig.for_model(value.get("model_type", kind.model_type), **_rest(value))
    return value


def _rest(value: dict[str, Any]) -> dict[str, Any]:
    return {key: item for key, item in value.items() if key != "model_type"}
