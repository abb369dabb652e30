"""Doors of answers that were written before."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.fuzz.door import RLE, Door, put
from tests.fuzz.doors.datasets import mevis
from tests.fuzz.files import JSON
from tests.fuzz.files import RLE as MASKS
from tests.fuzz.seeds import JSON as JSON_SEEDS


def _prediction(folder: Path) -> None:
    mevis(folder / "data")
    facts = {"path": "clip", "width": 12, "height": 8, "fps": 6.0, "length": 3, "duration": 0.5}
    answer = {
        "schema": 2,
        "video": facts,
        "sentence": "the cat",
        "model": "m",
        "method": "TGL",
        "domain": None,
        "found": True,
        "presence": 0.9,
        "moment": [[0, 1]],
        "seconds": [[0.0, 0.33]],
        "relevance": [0.9, 0.8, 0.1],
        "scores": [0.9, 0.9, 0.0],
        "masks": [RLE, RLE, None],
        "notes": ["a note"],
    }
    put(folder / "answers/cats/0/prediction.json", answer)
    put(folder / "answers/cats/1/prediction.json", answer)


def _scored(folder: Path) -> None:
    from momentvos.evaluation.score_folder import score_predictions
    from momentvos.results.prediction import Prediction

    path = folder / "answers/cats/0"
    score_predictions(folder / "answers", "mevis", folder / "data", "valid_u").save(
        folder / "out/scores"
    )
    answer = Prediction.load(path)
    answer.save(folder / "out/again")


def _run() -> Any:
    from momentvos.evaluation.manifest import Manifest

    return Manifest("mevis", "valid_u", "tgl-mini", "0" * 16, "model", 1, 2, "0" * 16)


def _claimed(folder: Path) -> None:
    _run().claim(folder / "out")


_RUN = "out/run.json"
_ANSWER = "answers/cats/0/prediction.json"
DOORS = {
    "prediction": Door(_prediction, _scored, {_ANSWER: MASKS}, seeds=lambda: {_ANSWER: JSON_SEEDS}),
    "run": Door(_claimed, _claimed, {_RUN: JSON}, seeds=lambda: {_RUN: JSON_SEEDS}),
}
