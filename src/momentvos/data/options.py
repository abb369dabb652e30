"""Options of the training data: frozen dataclasses that are parts of a training recipe.

`__pydantic_config__` makes pydantic refuse unknown keys when a recipe is checked.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Any, ClassVar, Literal

from momentvos.ranges import Count, Range, Rate, Share, Side, Some, Weight

STRICT = {"extra": "forbid"}
Frames = Annotated[int, Range(1, 4096)]
"""Of a clip, or what else is drawn for a step."""

Source = Literal[
    "world",
    "mevis",
    "mevis-v2",
    "mevis-m",
    "momentworld",
    "ref-youtube-vos",
    "ref-davis17",
    "revos",
    "ref-sav",
    "long-rvos",
    "reasonvos",
    "saco-veval",
    "hc-stvg",
    "hc-stvg-v2",
    "vidstg",
    "reasonseg",
    "refcoco",
    "refcoco+",
    "refcocog",
    "refcocog-google",
    "charades-sta",
    "activitynet-captions",
    "qvhighlights",
    "charades-timelens",
    "activitynet-timelens",
    "qvhighlights-timelens",
    "chat",
]
"""Sources of training data: MomentWorld made on the fly, a data set on disk, or chat in JSON.

Clips need masks; conversations can also be made from moments alone, and from chat.
"""

World = Literal["v1", "v2"]
"""Versions of MomentWorld (`momentvos.data.world.version`)."""


@dataclass(frozen=True)
class DataOptions:
    """Source of the training data and the make-up of a batch.

    Attributes:
        source: "world" (MomentWorld made on the fly), the name of a data set on disk
            (`momentvos.data.formats`), or "chat" (`momentvos.data.chat`).
        root: folder of the data set; of chat the JSON file.
        media: folder of the images and videos of a chat file; None for the file's own folder.
        split: split of the data set.
        world: version of MomentWorld.
        size: side of the square input in pixels.
        resizer: how clips of a data set on disk are resized to it; the model's `image_resizer`
            should be the same.
        videos: V, videos per batch (per process and micro-step).
        expressions: E, expressions per video; None for all of them.
        pool: number of different MomentWorld scenes; None for endless.
        kinds: relative weights of the kinds of expression when E of them are drawn (default 1).
        phrases: share of MomentWorld's videos with recast objects and short phrases in place of
            sentences, of `kinds` "name", "verb" and "both" (`momentvos.data.phrases`).
        missing: share of the phrases without target in the clip.
        dense: objects per scene in dense multi-object clips, which replace recast scenes, up to
            200 (`momentvos.data.dense_clips`); 0 for none.
        extra_expressions: number of expressions added to a MomentWorld scene's own, of all shapes,
            half of them without target (`momentvos.data.world.questions.extra`).
        objects: whether the queries are E single objects of a MomentWorld scene, without
            sentences, for the objective "tracks".
        workers: processes that prepare batches ahead.
    """

    source: Source = "world"
    root: str | None = None
    media: str | None = None
    split: str = "train"
    world: World = "v1"
    size: Side = 128
    resizer: Literal["pillow", "float"] = "float"
    videos: Frames = 1
    expressions: Frames | None = 1
    pool: Some | None = None
    kinds: dict[str, Weight] = field(default_factory=dict)
    phrases: Share = 0.0
    missing: Share = 0.2
    dense: Annotated[int, Range(0, 200)] = 0
    extra_expressions: Annotated[int, Range(0, 4096)] = 0
    objects: bool = False
    workers: Annotated[int, Range(0, 256)] = 0

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT


@dataclass(frozen=True)
class ClipOptions:
    """Frames of a training clip (`momentvos.data.clips`) and which of them are segmented.

    Attributes:
        sampler: "moment" (TGL), "random" (SAMWISE) or "window": consecutive frames, `stride`
            apart, shared by the expressions of a video (not in a paper; for the small model).
        frames: T.
        stride: distance of two frames of a window.
        segment: most segmented frames per query; None for all.
        inside: most segmented frames in M+.
        negatives: probability that a query without M+ in the clip is segmented nevertheless.
        oss: object-level selective supervision (TGL Eq. 6).
    """

    sampler: Literal["moment", "random", "window"] = "moment"
    frames: Frames = 8
    stride: Frames = 1
    segment: Annotated[int, Range(0, 4096)] | None = None
    inside: Annotated[int, Range(0, 4096)] | None = None
    negatives: Share = 1.0
    oss: bool = True

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT


@dataclass(frozen=True)
class ConversationOptions:
    """Options of the conversations about videos and images (`momentvos.data.conversations`).

    Attributes:
        tasks: relative weights of the tasks: "segment" (masks of frames), "ground" (the moment),
            "ask" (answers in text) and "say" (text alone: sentences of MomentWorld's grammar,
            with a stage's `teacher` for distillation). Tasks that the data cannot serve are
            left out.
        images: K, most high-resolution frames, which are segmented.
        choose: "around": one frame in which an expression holds, and others up to `spread` frames
            away from it; "even": one frame of each of K equal parts of the video.
        spread: see `choose`; None for any distance.
        context_frames: most frames of the low-resolution video that precedes them; 0 for none,
            so that frames are treated as images.
        context_size: long side of those frames in pixels; None for `data.size`.
        ground_frames: most frames of a video in the task "ground".
        ground_fps: their rate, in frames per second; None for the data's.
        context_masks: whether the task "ground" comes with masks of those frames.
    """

    tasks: dict[str, Weight] = field(default_factory=lambda: {"segment": 1.0})
    images: Frames = 5
    choose: Literal["around", "even"] = "around"
    spread: Count | None = None
    context_frames: Annotated[int, Range(0, 4096)] = 50
    context_size: Side | None = None
    ground_frames: Frames = 100
    ground_fps: Rate | None = None
    context_masks: bool = False

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT
