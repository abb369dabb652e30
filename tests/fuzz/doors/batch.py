"""Doors of batches: tables of questions, and the manifest that a batch goes on from."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from tests.fuzz import seeds
from tests.fuzz.door import Door, put
from tests.fuzz.files import JSON_LINES, TEXT

CSV = """video,sentence,moment,id
clip.mp4,the dog that jumps,0s-1s,a
clip.mp4,"the dog, left",,b
other.mp4,the cat,3:9,c
"""
ROWS = [
    {"video": "clip.mp4", "sentence": "the dog", "moment": "0s-1s", "id": "a"},
    {"video": "other.mp4", "sentence": "the cat", "id": 7},
]
ANSWER = {
    "schema": 1,
    "id": "a",
    "video": "clip.mp4",
    "sentence": "the dog",
    "status": "found",
    "presence": 0.9,
    "moment": [[0, 1]],
    "seconds": [[0.0, 0.3]],
    "width": 12,
    "height": 8,
    "fps": 6.0,
    "length": 3,
    "duration": 0.5,
    "folder": "results/a/the-dog",
    "thumbnail": "thumbnails/aa/a.jpg",
    "notes": ["a note"],
}
WORDY = ("video,sentence\n" + "x" * 200_000 + ",y\n").encode(), b"video," + b"x" * 200_000 + b"\n"
"""Cells longer than the csv module reads."""


def _table(folder: Path) -> None:
    put(folder / "t.csv", CSV)
    put(folder / "t.jsonl", "\n".join(map(json.dumps, ROWS)))
    put(folder / "t.lst", "clip.mp4\nother.mp4\n")
    put(folder / "clip.mp4", "no video, which nobody opens here")


def _gathered(folder: Path) -> None:
    from momentvos.batch.queries import gather
    from momentvos.errors import DataError

    faults = []
    for inputs, sentences, table in (
        ([], [], "t.csv"),
        ([], [], "t.jsonl"),
        (["t.lst"], ["the dog"], None),
    ):
        try:
            given = None if table is None else str(folder / table)
            for query in gather([str(folder / one) for one in inputs], sentences, given, folder):
                for ask in query.asks:
                    assert ".." not in (folder / ask.folder).parts
        except DataError as error:
            faults.append(error)
    if faults:
        raise faults[0]


def _manifest(folder: Path) -> None:
    from momentvos.batch.record import SCHEMA

    lines = [json.dumps({**ANSWER, "schema": SCHEMA, "id": name}) for name in "abc"]
    put(folder / "out/manifest.jsonl", "\n".join(lines) + "\n")
    put(folder / "out/batch.json", {"schema": SCHEMA, "program": "momentvos batch", "model": "m"})


def _continued(folder: Path) -> None:
    from momentvos.batch.manifest import Manifest
    from momentvos.batch.summary import conclude

    conclude(Manifest(folder / "out"), [], 1.0, [], ["overlay.mp4", "prediction.json"])


def _each(*names: str) -> Callable[[], dict[str, tuple[bytes, ...]]]:
    return lambda: dict.fromkeys(names, seeds.JSON)


DOORS = {
    "batch-table": Door(
        _table,
        _gathered,
        {"t.csv": TEXT, "t.jsonl": JSON_LINES, "t.lst": TEXT},
        seeds=lambda: {
            "t.csv": (*WORDY, *seeds.JSON),
            "t.jsonl": seeds.JSON,
            "t.lst": (b"none\n.mp4\0\x1b[31m\0",),
        },
    ),
    "batch-manifest": Door(
        _manifest, _continued, {"out/manifest.jsonl": JSON_LINES}, seeds=_each("out/manifest.jsonl")
    ),
}
