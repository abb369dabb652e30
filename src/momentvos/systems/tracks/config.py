"""Configuration of the tracks system: which part plays which role."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from momentvos.ranges import Range, Rate, Share, Weight
from momentvos.systems.config import SystemConfig

MOMENTS = ("auto", "scores", "existence", "grounder")
"""Who says when: the selector where it can, its scores of the tracks, that they are there, or a
grounder in front of them."""
ROLES = ("words", "detector", "tracker", "selector", "moment")


class TracksConfig(SystemConfig):
    """Roles, and how they work together. A saved model is this configuration alone.

    Args:
        words, detector, tracker, selector, moment: of each role, its ``kind`` and the options of
            that kind: ``model`` (a folder or hub id) and ``revision`` where it has weights. See
            :mod:`momentvos.systems.tracks.parts`.
        rate: frames a second that are tracked; masks of those between are interpolated.
        keyframe_seconds: time from one frame that the detector sees to the next; the first frame
            behind a cut is one too.
        max_tracks: most objects tracked at a time, and most that a selector compares.
        iou_same, containment_same: a detection belongs to the track whose mask overlaps it by so
            large an intersection over union, or over the smaller of both.
        shortest_seconds: tracks that are seen for less are dropped.
        count_from_text: keep as many tracks as the sentence's grammar implies ("a dog", "the two
            dogs"); None: with selectors that do not say how many are meant.
        margin: log-odds by which a track may fall behind the best one where all are below 0.
        relevance_threshold: frames whose relevance exceeds it are the moment, 0..1.
    """

    model_type = "momentvos_tracks"
    switches = SystemConfig.switches | {
        *ROLES, "rate", "keyframe_seconds", "max_tracks", "iou_same", "containment_same",
        "shortest_seconds", "count_from_text", "margin", "relevance_threshold",
    }  # fmt: skip

    words: Any = None
    detector: Any = None
    tracker: Any = None
    selector: Any = None
    moment: Any = None
    rate: Rate = 6.0
    keyframe_seconds: Annotated[float, Range(0, 3600, above=True)] = 2.0
    max_tracks: Annotated[int, Range(1, 1024)] = 12
    iou_same: Share = 0.4
    containment_same: Share = 0.6
    shortest_seconds: Annotated[float, Range(0, 3600)] = 0.3
    count_from_text: bool | None = None
    margin: Weight = 0.8
    relevance_threshold: Share = 0.5

    def __post_init__(self, **kwargs: Any) -> None:
        self.words = self.words or {"kind": "rules"}
        self.moment = self.moment or {"kind": "auto"}
        for role in ROLES:
            value = getattr(self, role)
            if value is not None and not (isinstance(value, Mapping) and "kind" in value):
                raise ValueError(
                    f"'{role}' of the configuration is {value!r}, not a kind with options"
                )
        if self.moment["kind"] not in MOMENTS:
            raise ValueError(
                f"there is no moment '{self.moment['kind']}'; known are {', '.join(MOMENTS)}"
            )
        super().__post_init__(**kwargs)

    def to_dict(self) -> dict[str, Any]:
        """Everything but SAM2's configuration, which lies beside its weights."""
        made: dict[str, Any] = super().to_dict()
        made.pop("sam_config", None)
        return made
