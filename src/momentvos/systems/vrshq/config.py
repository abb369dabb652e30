"""VRS-HQ's configuration: SAM2, the language model, and every choice of inference."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from momentvos.ranges import Range, Share
from momentvos.systems.config import MllmSystemConfig, TokenBudget
from momentvos.systems.vrshq.templates import SentenceRule
from momentvos.systems.vrshq.tks import Choice

if TYPE_CHECKING:
    from momentvos.media import Video


class VrsHqConfig(MllmSystemConfig):
    """Everything that defines a VRS-HQ model; defaults are the released ones.

    Args:
        mllm_config: Qwen2.5-VL, or Chat-UniVi, which the released weights are built on.
        frames: most frames that the language model reads.
        image_budget, picture_budget: (least, most) visual tokens a frame, of a video and of an
            image asked about alone; Chat-UniVi takes 112 in any case.
        alpha: share of the frames' tokens in the video's (Temporal Dynamic Aggregation).
        focus: share of the keyframe's own token beside it; 0 in the paper, see the README.
        window: frames around the keyframe that a training step segments.
        explore: share of keyframes that training draws at random instead; 0 in the paper.
        keyframe: how it is chosen: "both" is the object score and the similarity of tokens, as
            released; "score" or "similarity" is one of them alone. Without a choice: the "middle"
            frame that the sampling meets, or the "first" one, from which tracking goes forward.
        handover: how tracking starts: from the keyframe's thresholded "mask", as released, or
            from the "token" that it was segmented with, as training has it.
        shifted: take the state that predicts each token, one place before it, as released; else
            the one at its own place, as MomentSeg does, whose language model the mini starts from.
        inject: prompt every tracked frame with the keyframe's token too, in training and at
            inference; the paper leaves them to memory, which a small model hardly learns.
        crop_handover: the mask handed over ends where the picture does; as released it may reach
            into the padding.
        binarize: memory holds the mask handed over thresholded, as released; else its sigmoid.
        keyframe_mask: what the keyframe's result is: the mask "handed" over, as released, or the
            one "decoded" from the token.
        fill_holes: holes of at most so many cells of a mask are filled (8, as released); 0: none.
        sentence_rule: "released": lower case, single spaces, a final "." stays; "written": as
            written, without a final ".".
        proposer: folder or hub id of the CLIP whose most similar frame to the sentence is among
            those that the language model reads; the released program has ViT-L/14 at 336 pixels.
            None: the middle frame is. A given moment or relevance counts before it.
        one_frame: how a video of one frame is asked about: as a "video", as released, or as an
            "image", as image files are: with the question of training on images, and [TAK] alone.
        presence_threshold: of the keyframe's object probability; below it the answer is "not
            found". At 0 whatever has a mask is found, as released: tracking goes on from an empty
            keyframe. At 0.5 that is what `gate` blanks.
    """

    model_type = "momentvos_vrshq"
    switches = (
        MllmSystemConfig.switches
        | {"frames", "alpha", "focus", "window", "explore", "keyframe"}
        | {"handover", "inject", "crop_handover", "binarize", "keyframe_mask", "fill_holes"}
        | {"sentence_rule", "proposer", "one_frame"}
    )
    published_values = MllmSystemConfig.published_values | {"handover": "mask", "inject": False}

    frames: Annotated[int, Range(1, 4096)] = 12
    image_budget: TokenBudget = (16, 112)
    picture_budget: TokenBudget = (16, 256)
    alpha: Share = 0.1
    focus: Share = 0.0
    window: Annotated[int, Range(1, 4096)] = 3
    explore: Share = 0.0
    keyframe: Choice = "both"
    handover: Literal["mask", "token"] = "mask"
    shifted: bool = True
    inject: bool = False
    crop_handover: bool = False
    binarize: bool = True
    keyframe_mask: Literal["handed", "decoded"] = "handed"
    fill_holes: Annotated[int, Range(0, 65536)] = 8
    sentence_rule: SentenceRule = "released"
    proposer: str | None = None
    one_frame: Literal["video", "image"] = "video"
    presence_threshold: Share = 0.0

    def asks_image(self, video: Video) -> bool:
        """Whether a video is asked about as an image, see `one_frame`."""
        return len(video) == 1 and (video.is_image or self.one_frame == "image")
