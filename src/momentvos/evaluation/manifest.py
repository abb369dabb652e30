"""What a folder of answers is about, so that answers of different runs are never mixed."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import MISSING, asdict, dataclass, fields
from pathlib import Path

from momentvos.data.sample import Sample
from momentvos.errors import OutputError
from momentvos.home import pulled
from momentvos.json_text import to_text
from momentvos.results.claim import claim

NAME = "run.json"
COUNTS = ("videos", "expressions", "questions")


@dataclass(frozen=True)
class Manifest:
    """A run: benchmark, split, model (name and digest of its files), grounder, and what is asked.

    questions: digest of every video, expression and sentence. videos: how many of the split.
    source: "disk", or how its videos are made. selection: whether the model's track selection was
    used; False is the system as published. execution: how the model computes, in words. Manifests
    before these three have their defaults.
    """

    benchmark: str
    split: str
    model: str
    weights: str
    grounder: str
    videos: int
    expressions: int
    questions: str
    source: str = "disk"
    selection: bool = True
    execution: str = "float32"

    def claim(self, folder: Path) -> None:
        """Mark the folder as this run's. Raises OutputError where it is already another's."""
        optional = {f.name: f.default for f in fields(self) if f.default is not MISSING}
        claim(folder, NAME, asdict(self), optional, COUNTS)


def questions(samples: Sequence[Sample]) -> str:
    """A digest of what is asked, in its order."""
    digest = hashlib.sha256()
    for sample in samples:
        row = [sample.video_id, sample.expression_id, sample.sentence, sample.length]
        digest.update(to_text(row).encode() + b"\n")
    return digest.hexdigest()[:16]


def weights(model: str) -> str:
    """A digest of a model folder's config and weights, by a name too; "" for a hub id.

    Raises OutputError and ModelError where they cannot be read.
    """
    from momentvos.systems.registry import systems
    from momentvos.systems.shared_weights import model_files

    bundled = {path.name: path for entry in systems().values() for path in entry.bundled()}
    folder = bundled.get(model) or (None if Path(model).is_dir() else pulled(model)) or Path(model)
    digest = hashlib.sha256()
    try:
        files = model_files(folder)
        for path in files:
            digest.update(path.name.encode())
            with path.open("rb") as file:
                digest.update(hashlib.file_digest(file, "sha256").digest())
    except OSError as error:
        raise OutputError(f"Cannot read {folder}: {error.strerror or error}.") from error
    return digest.hexdigest()[:16] if files else ""
