"""MomentSeg's configuration: SAM2, the language model, and every choice of inference."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

from transformers import AutoConfig, PreTrainedConfig, Qwen2_5_VLConfig, Sam2VideoConfig

from momentvos.mllm import Budget

SWITCHES = frozenset(
    {"grounding", "sampling", "frames", "dedupe", "power", "floor", "view", "film_frames"}
    | {"film_budget", "image_budget", "picture_budget", "walk", "inject", "refresh"}
    | {"refresh_ratio", "refresh_radius", "decoder", "gate", "guided_radius"}
    | {"relevance_threshold", "presence_threshold", "answer_limit", "sigma", "window"}
    | {"consensus", "consensus_margin", "consensus_number"}
    | {"judge_span", "judge_rate", "things_threshold", "things_presence"}
)
"""Options that no weight depends on."""


class MomentSegConfig(PreTrainedConfig):
    """Everything that defines a MomentSeg (or Sa2VA) model; defaults are the released ones.

    Args:
        sam_config: SAM2.
        mllm_config: Qwen2.5-VL or Qwen3-VL.
        lora: fields of :class:`momentvos.mllm.Lora`, where adapters are in the model; else None.
        original_decoder: the weights hold SAM2's own mask decoder beside the fine-tuned one.
        backbone_trainable: train everything, from scratch; else what the paper trains.
        grounding: "find" asks for [FIND] first, "none" takes every frame as relevant (Sa2VA).
        centred: [FIND] compares what sets each frame apart from the video's mean, so that what
            never changes says nothing; the paper compares frames as they are.
        sampling: who chooses the frames to look at: "moment" (Moment-Centric Sampling), "uniform"
            or "first" (Sa2VA).
        frames: K, frames to look at.
        sigma: of the Gaussian filter on the relevance curve, in frames.
        window: frames of the window whose middle is the centre of the moment.
        dedupe, power, floor: see :func:`momentvos.systems.momentseg.sampling.moment_centric`.
        view: what is shown when asking for [SEG]: "multi-frame" (the K frames, as released),
            "combine" (the low-resolution video too, as in training), "video" (it alone).
        film_frames: most frames of the low-resolution video.
        film_budget, image_budget, picture_budget: (least, most) visual tokens a frame, of the
            low-resolution video, of each of the K frames, and of an image asked about alone.
        walk: "anchors" is Bidirectional Anchor-updated Propagation, "forward" starts at the first
            of the K frames (Sa2VA); "alone" gives every frame [SEG] and no memory, for a SAM2
            whose memory has not been trained, which is neither's.
        inject: prompt tracked frames with [SEG] too.
        refresh: anchors may clear memories; refresh_ratio, refresh_radius: when, and how far.
        decoder: who tracks: the "finetuned" mask decoder, or SAM2's "original" one, which is
            handed the K frames' masks (Sa2VA-i).
        gate: blank frames whose object score is not positive.
        guided_radius: fit masks to the edges of the picture by a guided filter of this radius, in
            cells of the mask, see :mod:`momentvos.sam2.guided_filter`; memory holds them as they
            were before. 0: no filter, as published.
        consensus: follow up to so many things by memory and keep those that the frames of the
            moment agree upon, see :mod:`momentvos.selection.tracks`. Then [SEG] alone decides in
            each of these frames, all others read the memory of one thing at a time, and `walk`,
            `inject`, `refresh` and `decoder` play no part. 0: none, as published.
        consensus_margin: log-odds by which a thing may fall behind the one most agreed upon.
        consensus_number: as many things are meant as the sentence's grammar says, see
            :mod:`momentvos.text.number`.
        judge: of things followed by `consensus` it is judged whether they are meant, and when, see
            :mod:`momentvos.selection`; every frame is asked then, whatever [FIND] says. Not in
            the paper.
        judge_span, judge_rate: most frames judged at once, and frames per second at which.
        things_threshold, things_presence: take the place of `relevance_threshold` and
            `presence_threshold` where things are judged.
        relevance_threshold: frames above it may belong to the moment.
        presence_threshold: below it the answer is "not found"; 0: whatever has [SEG] is found.
        answer_limit: most tokens of an answer.
    """

    model_type = "momentvos_momentseg"
    switches: ClassVar[frozenset[str]] = SWITCHES
    sub_configs = {"sam_config": Sam2VideoConfig, "mllm_config": AutoConfig}

    def __init__(
        self,
        sam_config: Sam2VideoConfig | dict[str, Any] | None = None,
        mllm_config: PreTrainedConfig | dict[str, Any] | None = None,
        lora: dict[str, Any] | None = None,
        original_decoder: bool = False,
        backbone_trainable: bool = False,
        grounding: Literal["find", "none"] = "find",
        centred: bool = False,
        sampling: Literal["moment", "uniform", "first"] = "moment",
        frames: int = 8,
        sigma: float = 1.0,
        window: int = 5,
        dedupe: bool = False,
        power: float = 1.0,
        floor: float = 0.0,
        view: Literal["multi-frame", "combine", "video"] = "multi-frame",
        film_frames: int = 100,
        film_budget: tuple[int, int] = (16, 36),
        image_budget: tuple[int, int] = (16, 256),
        picture_budget: tuple[int, int] = (16, 400),
        walk: Literal["anchors", "forward", "alone"] = "anchors",
        inject: bool = True,
        refresh: bool = True,
        refresh_ratio: float = 0.9,
        refresh_radius: int = 7,
        decoder: Literal["finetuned", "original"] = "finetuned",
        gate: bool = False,
        guided_radius: int = 0,
        consensus: int = 0,
        consensus_margin: float = 0.8,
        consensus_number: bool = False,
        judge: bool = False,
        judge_span: int = 32,
        judge_rate: float = 8.0,
        things_threshold: float = 0.5,
        things_presence: float = 0.5,
        relevance_threshold: float = 0.3,
        presence_threshold: float = 0.0,
        answer_limit: int = 128,
        **kwargs: Any,
    ) -> None:
        self.sam_config = _config(sam_config, Sam2VideoConfig)
        self.mllm_config = _config(mllm_config, Qwen2_5_VLConfig)
        self.lora = lora
        self.original_decoder = original_decoder
        self.backbone_trainable = backbone_trainable
        self.grounding = grounding
        self.centred = centred
        self.sampling = sampling
        self.frames = frames
        self.sigma = sigma
        self.window = window
        self.dedupe = dedupe
        self.power = power
        self.floor = floor
        self.view = view
        self.film_frames = film_frames
        self.film_budget = list(film_budget)
        self.image_budget = list(image_budget)
        self.picture_budget = list(picture_budget)
        self.walk = walk
        self.inject = inject
        self.refresh = refresh
        self.refresh_ratio = refresh_ratio
        self.refresh_radius = refresh_radius
        self.decoder = decoder
        self.gate = gate
        self.guided_radius = guided_radius
        self.consensus = consensus
        self.consensus_margin = consensus_margin
        self.consensus_number = consensus_number
        self.judge = judge
        self.judge_span = judge_span
        self.judge_rate = judge_rate
        self.things_threshold = things_threshold
        self.things_presence = things_presence
        self.relevance_threshold = relevance_threshold
        self.presence_threshold = presence_threshold
        self.answer_limit = answer_limit
        super().__init__(**kwargs)

    @property
    def image_size(self) -> int:
        """Side of SAM2's square input in pixels."""
        size = self.sam_config.image_size
        return int(size if isinstance(size, int) else size[0])

    def budget(self, kind: Literal["film", "image", "picture"]) -> Budget:
        """Visual tokens a frame may take in one of three roles."""
        low, high = getattr(self, f"{kind}_budget")
        return Budget(low, high)


def _config(value: Any, kind: type[PreTrainedConfig]) -> PreTrainedConfig:
    if value is None:
        return kind()
    if isinstance(value, dict):
        rest = {key: item for key, item in value.items() if key != "model_type"}
        return AutoConfig.for_model(value.get("model_type", kind.model_type), **rest)
    return value
