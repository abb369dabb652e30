"""What a batch is made of, as plain frozen dataclasses (parts of a training recipe).

`__pydantic_config__` makes pydantic refuse unknown keys when a recipe is checked.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

STRICT = {"extra": "forbid"}

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
    "reasonseg",
    "refcoco",
    "refcoco+",
    "refcocog",
    "refcocog-google",
    "charades-sta",
    "activitynet-captions",
    "qvhighlights",
    "chat",
]
"""What can be learned from: MomentWorld as it is made, a data set on disk, or chat in JSON.

Clips need masks; conversations can also be made of moments alone, and of chat.
"""


@dataclass(frozen=True)
class DataOptions:
    """Where clips come from and how many make a batch.

    source: "world" (MomentWorld clips made on the spot), a data set on disk by the name that
    `momentvos.data.formats` has for it, or "chat" (`momentvos.data.chat`). root: its folder, of
    chat the JSON file. split: part of it.
    size: side of the square input in pixels. videos: V, videos a batch (per process and
    micro-step). expressions: E, expressions asked about each video; None for all of them.
    media: folder of the pictures and videos that chat names; None for the JSON file's own.
    pool: how many different MomentWorld scenes there are; None for endless.
    kinds: relative weight of a kind of expression when E of them are drawn (default 1).
    phrases: share of MomentWorld's videos that are recast and asked about in phrases, of `kinds`
    "name", "verb" and "both" (`momentvos.data.phrases`). missing: share of the phrases that name
    what the clip does not show. crowd: objects of a crowd that stands in for a recast scene, up to
    200 (`momentvos.data.dense_clips`); 0 for none. more: beside a MomentWorld scene's own
    expressions so many others, of all shapes and half of them without target (`asking.more`).
    things: the lanes are E objects of a MomentWorld scene, each alone and without a sentence, for
    the objective "tracks".
    workers: processes that prepare batches ahead.
    """

    source: Source = "world"
    root: str | None = None
    media: str | None = None
    split: str = "train"
    size: int = 128
    videos: int = 1
    expressions: int | None = 1
    pool: int | None = None
    kinds: dict[str, float] = field(default_factory=dict)
    phrases: float = 0.0
    missing: float = 0.2
    crowd: int = 0
    more: int = 0
    things: bool = False
    workers: int = 0

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT


@dataclass(frozen=True)
class ClipOptions:
    """Which frames a clip shows (`momentvos.data.clips`) and which of them are segmented.

    sampler: "moment" (TGL), "random" (SAMWISE) or "window" (consecutive frames, `stride` apart,
    shared by the expressions of a video; a deviation for the small model). frames: T.
    segment: most frames a lane segments; None for all. inside: most of them from M+.
    negatives: share of lanes without M+ in the clip that are segmented all the same.
    oss: object-level selective supervision, TGL Eq. 6.
    """

    sampler: Literal["moment", "random", "window"] = "moment"
    frames: int = 8
    stride: int = 1
    segment: int | None = None
    inside: int | None = None
    negatives: float = 1.0
    oss: bool = True

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT


@dataclass(frozen=True)
class TalkOptions:
    """How conversations about videos and images are made (`momentvos.data.talks`).

    tasks: relative weight of each kind: "segment" (masks of frames), "ground" (when does it
    hold), "ask" (answers in words); what the data cannot do is left out. "say" shows nothing at
    all: sentences of MomentWorld's grammar, from which a stage's `teacher` tells what to hear.
    images: K, most frames that are shown large and segmented. choose: "around" takes one in
    which something asked for holds, and others up to `spread` frames away from it (None: from
    anywhere); "even" one of each of K equal parts of the video.
    film: most frames of the small video that is shown before; 0 for none, which makes frames
    images. film_size: long side of its frames in pixels; None for `data.size`. ground_frames:
    most frames of a video that is asked "when". ground_fps: of these frames; None for the data's.
    places: it is told where, too.
    """

    tasks: dict[str, float] = field(default_factory=lambda: {"segment": 1.0})
    images: int = 5
    choose: Literal["around", "even"] = "around"
    spread: int | None = None
    film: int = 50
    film_size: int | None = None
    ground_frames: int = 100
    ground_fps: float | None = None
    places: bool = False

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT
