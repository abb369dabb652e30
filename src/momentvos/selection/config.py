"""Configuration of track selection."""

from __future__ import annotations

from dataclasses import fields
from typing import Annotated, Any

from transformers import PreTrainedConfig

from momentvos.ranges import Range, Rate, Share, check


class SelectionConfig(PreTrainedConfig):  # type: ignore[misc]
    """Options of track selection; a system without it runs as its paper has it.

    Args:
        max_tracks: most candidates tracked at once.
        margin: log-odds by which a track that is not meant on the whole may fall behind the best.
        count_from_text: keep as many tracks as the sentence's grammar implies ("a dog", "the two
            dogs"), see :mod:`momentvos.text.number`.
        selector: the weights hold a trained :class:`TrackSelector`; else each frame's own mask
            probability votes.
        window: most frames that the selector scores at once.
        rate: frames per second at which the selector was trained.
        candidate_threshold: with a trained selector, candidates come from frames whose relevance
            exceeds it, 0..1 (systems whose grounder scores every frame).
        grounder_share: share of the system's own grounder in relevance and presence, beside a
            trained selector, which has the rest, 0..1; it has no say in which track is meant.
        relevance_threshold: frames whose relevance exceeds it are the moment, 0..1.
        presence_threshold: below it the answer is "not found", 0..1.
    """

    model_type = "momentvos_selection"

    max_tracks: Annotated[int, Range(1, 256)] = 6
    margin: Annotated[float, Range(0, 1000)] = 0.8
    count_from_text: bool = False
    selector: bool = False
    window: Annotated[int, Range(1, 4096)] = 32
    rate: Rate = 8.0
    candidate_threshold: Share = 0.1
    grounder_share: Share = 0.0
    relevance_threshold: Share = 0.5
    presence_threshold: Share = 0.5

    def __post_init__(self, **kwargs: Any) -> None:
        """Raise ValueError for an option out of its bounds."""
        check(self)
        super().__post_init__(**kwargs)

    def to_dict(self) -> dict[str, Any]:
        """The options above alone, without what every configuration of `transformers` has."""
        inherited = {one.name for one in fields(PreTrainedConfig)} - {"transformers_version"}
        kept = {one.name for one in fields(self)} - inherited
        return {name: value for name, value in super().to_dict().items() if name in kept}
