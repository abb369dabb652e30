"""MomentSeg's configuration: SAM2, the language model, and every choice of inference."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from momentvos.ranges import Range, Share
from momentvos.systems.config import MllmSystemConfig, TokenBudget


class MomentSegConfig(MllmSystemConfig):
    """Everything that defines a MomentSeg (or Sa2VA) model; defaults are the released ones.

    Args:
        mllm_config: Qwen2.5-VL or Qwen3-VL.
        original_decoder: the weights hold SAM2's own mask decoder beside the fine-tuned one.
        grounding: "find" asks for [FIND] first, "none" takes every frame as relevant (Sa2VA).
        centred: [FIND] compares what sets each frame apart from the video's mean, so that
            static content counts for nothing; the paper compares frames as they are.
        sampling: of frames for the language model: "moment" (Moment-Centric Sampling), "uniform" or
            "first" (Sa2VA).
        frames: K, number of sampled frames.
        sigma: of the Gaussian filter on the relevance curve, in frames.
        window: frames of the window whose middle is the centre of the moment.
        precise: [FIND] is compared, and frames are sampled, in full precision; as released the
            model's own (16 bits) does for the former and 32 bits for the latter, and SAM2's input
            is normalised by constants of 16 bits.
        placeholders: where a prompt shows no low-resolution video, or no frames, it holds
            "<video>" or "<image>" as text, as released.
        image_newline: an image's question begins on a new line; as released it follows a space.
        dedupe, power, floor: see :func:`momentvos.systems.momentseg.sampling.moment_centric`.
        view: visual inputs of the prompt for [SEG]: "multi-frame" (the K frames, as released),
            "combine" (the low-resolution video too, as in training), "video" (it alone).
        context_frames: most frames of the low-resolution video.
        context_budget, image_budget, picture_budget: (least, most) visual tokens a frame, of the
            low-resolution video, of each of the K frames, and of an image asked about alone.
        walk: "anchors" is Bidirectional Anchor-updated Propagation, "forward" starts at the first
            of the K frames (Sa2VA); "alone" gives every frame [SEG] and no memory, for a SAM2
            whose memory has not been trained, which is neither's.
        inject: prompt tracked frames with [SEG] too.
        refresh: anchors may clear memories; refresh_ratio, refresh_radius: when, and how far.
        decoder: of tracking: the "finetuned" mask decoder, or SAM2's "original" one, which is
            prompted with the K frames' masks (Sa2VA-i).
        relevance_threshold: frames above it may belong to the moment.
        presence_threshold: below it the answer is "not found"; 0: whatever has [SEG] is found.
    """

    model_type = "momentvos_momentseg"
    switches = (
        MllmSystemConfig.switches
        | {"grounding", "sampling", "frames", "dedupe", "power", "floor", "view"}
        | {"context_frames", "context_budget", "walk", "inject", "refresh"}
        | {"refresh_ratio", "refresh_radius", "decoder", "relevance_threshold"}
        | {"sigma", "window", "precise", "placeholders", "image_newline"}
    )
    published_values = MllmSystemConfig.published_values | {
        "dedupe": False,
        "power": 1.0,
        "floor": 0.0,
    }
    renamed = {"film_frames": "context_frames", "film_budget": "context_budget"}

    original_decoder: bool = False
    grounding: Literal["find", "none"] = "find"
    centred: bool = False
    precise: bool = False
    placeholders: bool = True
    image_newline: bool = False
    sampling: Literal["moment", "uniform", "first"] = "moment"
    frames: Annotated[int, Range(1, 4096)] = 8
    sigma: Annotated[float, Range(0, 1000)] = 1.0
    window: Annotated[int, Range(1, 4096)] = 5
    dedupe: bool = False
    power: Annotated[float, Range(0, 100)] = 1.0
    floor: Share = 0.0
    view: Literal["multi-frame", "combine", "video"] = "multi-frame"
    context_frames: Annotated[int, Range(1, 4096)] = 100
    context_budget: TokenBudget = (16, 36)
    picture_budget: TokenBudget = (256, 576)
    walk: Literal["anchors", "forward", "alone"] = "anchors"
    inject: bool = True
    refresh: bool = True
    refresh_ratio: Annotated[float, Range(0, 1000)] = 0.9
    refresh_radius: Annotated[int, Range(0, 4096)] = 7
    decoder: Literal["finetuned", "original"] = "finetuned"
    gate: bool = False
    relevance_threshold: Share = 0.3
    presence_threshold: Share = 0.0

    def published(self) -> Self:
        """See `SystemConfig.published`; the walk "alone" is in no paper."""
        made = super().published()
        made.walk = "anchors" if made.walk == "alone" else made.walk
        return made
