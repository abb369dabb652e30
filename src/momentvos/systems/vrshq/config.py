"""VRS-HQ's configuration: SAM2, the language model, and every choice of inference."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

from transformers import AutoConfig, PreTrainedConfig, Qwen2_5_VLConfig, Sam2VideoConfig

from momentvos.mllm import Budget

SWITCHES = frozenset(
    {"frames", "image_budget", "picture_budget", "alpha", "focus", "window", "explore"}
    | {"keyframe", "handover", "inject", "gate", "guided_radius"}
    | {"presence_threshold", "answer_limit"}
    | {"consensus", "consensus_margin", "consensus_number"}
    | {"judge_span", "judge_rate", "things_threshold", "things_presence"}
)
"""Options that no weight depends on."""


class VrsHqConfig(PreTrainedConfig):
    """Everything that defines a VRS-HQ model; defaults are the released ones.

    Args:
        sam_config: SAM2.
        mllm_config: Qwen2.5-VL, or Chat-UniVi, which the released weights are built on.
        lora: fields of :class:`momentvos.mllm.Lora`, where adapters are in the model; else None.
        backbone_trainable: train everything, from scratch; else what the paper trains.
        frames: most frames that the language model sees.
        image_budget, picture_budget: (least, most) visual tokens a frame, of a video and of an
            image asked about alone; Chat-UniVi takes 112 whatever they say.
        alpha: share of the frames' tokens in the video's (Temporal Dynamic Aggregation).
        focus: share of the keyframe's own token beside it; 0 in the paper, see the README.
        window: frames around the keyframe that a training step segments.
        explore: share of keyframes that training draws at random instead; 0 in the paper.
        keyframe: what chooses it: "both" is the object score and the similarity of tokens, as
            released; "score" or "similarity" is one of them alone.
        handover: how tracking starts: from the keyframe's thresholded "mask", as released, or
            from the "token" that it was segmented with, as training has it.
        shifted: take the state that predicts each token, one place before it, as released; else
            the one at its own place, as MomentSeg does, whose language model the mini starts from.
        inject: prompt every tracked frame with the keyframe's token too, in training and at
            inference; the paper leaves them to memory, which a small model hardly learns.
        gate: blank frames whose object score is not positive.
        guided_radius: fit masks to the edges of the picture by a guided filter of this radius, in
            cells of the mask, see :mod:`momentvos.sam2.guided_filter`; memory holds them as they
            were before. 0: no filter, as published.
        consensus: follow up to so many things by memory and keep those that the frames sampled
            agree upon, see :mod:`momentvos.selection.tracks`; each is segmented with its own token
            then, and `keyframe`, `handover` and `inject` play no part. 0: none, as published.
        consensus_margin: log-odds by which a thing may fall behind the one most agreed upon.
        consensus_number: as many things are meant as the sentence's grammar says, see
            :mod:`momentvos.text.number`.
        judge: of things followed by `consensus` it is judged whether they are meant, and when, see
            :mod:`momentvos.selection`; not in the paper.
        judge_span, judge_rate: most frames judged at once, and frames per second at which.
        things_threshold, things_presence: where things are judged, relevance from which on a frame
            is of the moment, and what takes the place of `presence_threshold`.
        presence_threshold: of the keyframe's object probability; below it the answer is "not
            found". At 0.5 that is what `gate` blanks, at 0 whatever has a mask is found.
        answer_limit: most tokens of an answer in words.
    """

    model_type = "momentvos_vrshq"
    switches: ClassVar[frozenset[str]] = SWITCHES
    sub_configs = {"sam_config": Sam2VideoConfig, "mllm_config": AutoConfig}

    def __init__(
        self,
        sam_config: Sam2VideoConfig | dict[str, Any] | None = None,
        mllm_config: PreTrainedConfig | dict[str, Any] | None = None,
        lora: dict[str, Any] | None = None,
        backbone_trainable: bool = False,
        frames: int = 12,
        image_budget: tuple[int, int] = (16, 112),
        picture_budget: tuple[int, int] = (16, 256),
        alpha: float = 0.1,
        focus: float = 0.0,
        window: int = 3,
        explore: float = 0.0,
        keyframe: Literal["both", "score", "similarity"] = "both",
        handover: Literal["mask", "token"] = "mask",
        shifted: bool = True,
        inject: bool = False,
        gate: bool = True,
        guided_radius: int = 0,
        consensus: int = 0,
        consensus_margin: float = 0.8,
        consensus_number: bool = False,
        judge: bool = False,
        judge_span: int = 32,
        judge_rate: float = 8.0,
        things_threshold: float = 0.5,
        things_presence: float = 0.5,
        presence_threshold: float = 0.5,
        answer_limit: int = 128,
        **kwargs: Any,
    ) -> None:
        self.sam_config = _config(sam_config, Sam2VideoConfig)
        self.mllm_config = _config(mllm_config, Qwen2_5_VLConfig)
        self.lora = lora
        self.backbone_trainable = backbone_trainable
        self.frames = frames
        self.image_budget = list(image_budget)
        self.picture_budget = list(picture_budget)
        self.alpha = alpha
        self.focus = focus
        self.window = window
        self.explore = explore
        self.keyframe = keyframe
        self.handover = handover
        self.shifted = shifted
        self.inject = inject
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
        self.presence_threshold = presence_threshold
        self.answer_limit = answer_limit
        super().__init__(**kwargs)

    @property
    def image_size(self) -> int:
        """Side of SAM2's square input in pixels."""
        size = self.sam_config.image_size
        return int(size if isinstance(size, int) else size[0])

    def budget(self, kind: Literal["image", "picture"]) -> Budget:
        """Visual tokens a frame may take, of a video or alone."""
        low, high = getattr(self, f"{kind}_budget")
        return Budget(low, high)


def _config(value: Any, kind: type[PreTrainedConfig]) -> PreTrainedConfig:
    if value is None:
        return kind()
    if isinstance(value, dict):
        rest = {key: item for key, item in value.items() if key != "model_type"}
        return AutoConfig.for_model(value.get("model_type", kind.model_type), **rest)
    return value
