"""A prediction for pandas and for supervision; both come with the extra `notebook`."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

import numpy as np

from momentvos.errors import ExtraError
from momentvos.results.masks import MOST_BYTES, check_bytes

if TYPE_CHECKING:
    import pandas as pd
    import supervision as sv

    from momentvos.results.prediction import Prediction


def to_dataframe(prediction: Prediction) -> pd.DataFrame:
    """One row a frame; see `Prediction.to_dataframe`."""
    pandas = library("pandas")
    boxes = prediction.masks.boxes()
    sides: dict[str, Any] = {
        name: pandas.array([None if box is None else box[place] for box in boxes], dtype="Int64")
        for place, name in enumerate(("left", "top", "right", "bottom"))
    }
    length = prediction.video.length
    columns = {
        "second": prediction.times,
        "in_moment": prediction.moment.flags(length),
        "relevance": prediction.relevance,
        "score": prediction.scores,
        "area": prediction.masks.areas(),
        **sides,
    }
    index = pandas.RangeIndex(length, name="frame")
    table: pd.DataFrame = pandas.DataFrame(columns, index=index)
    return table


def all_detections(prediction: Prediction) -> list[sv.Detections]:
    """Those of every frame; see `Prediction.to_supervision`."""
    library("supervision")
    check_bytes(prediction.video.length, prediction.masklet.size, MOST_BYTES)
    return [detections(prediction, frame) for frame in range(prediction.video.length)]


def detections(prediction: Prediction, frame: int) -> sv.Detections:
    """The target in a frame as supervision's detections, none where its mask is empty."""
    supervision = library("supervision")
    mask = prediction.masks[frame]
    number = frame % prediction.video.length
    box = prediction.masks.box(number)
    if box is None:
        empty: sv.Detections = supervision.Detections.empty()
        return empty
    found: sv.Detections = supervision.Detections(
        xyxy=np.array([box], dtype=np.float32),
        mask=mask[None],
        confidence=np.array([prediction.scores[number]], dtype=np.float32),
        class_id=np.array([0]),
        tracker_id=np.array([1]),
        data={"class_name": np.array([prediction.sentence])},
    )
    return found


def library(name: str) -> Any:
    """A package that the extra `notebook` brings. Raises ExtraError where it is not there."""
    try:
        return import_module(name)
    except ImportError as error:
        raise ExtraError(
            f"This needs {name}, which is not installed: pip install 'momentvos[notebook]'."
        ) from error
