"""The zip a benchmark's server takes: grey pictures of every frame, or lines of windows."""

from __future__ import annotations

import io
import os
import struct
import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from momentvos.data.sample import Sample
from momentvos.errors import BenchmarkError, OutputError
from momentvos.evaluation.benchmarks import Layout
from momentvos.evaluation.metrics import answers
from momentvos.evaluation.places import check_apart, place
from momentvos.json_text import to_text
from momentvos.masklet import Masklet
from momentvos.results.prediction import Prediction

Answered = Callable[[Sample], bool]
Lookup = Callable[[Sample], Masklet]


def write_submission(
    path: Path,
    layout: Layout,
    samples: Sequence[Sample],
    frames: Callable[[Sample], Sequence[str]],
    answered: Answered,
    masks: Lookup,
    incomplete: bool = False,
) -> int:
    """Write the zip, whole or not at all, and look through it; returns how many pictures it holds.

    samples: every expression the server asks about. frames: names of a sample's frames.
    incomplete: leave out what has not been answered, which otherwise raises BenchmarkError. So do
    names that are no files, or are one file on systems that do not tell case apart. Raises
    OutputError where it cannot be written.
    """
    present = _present(samples, answered, incomplete)
    named = [(sample, layout.files(sample, frames(sample))) for sample in present]
    check_apart(str(place(sample)) for sample in present)
    for _, files in named:
        check_apart(files)
    expected: dict[str, tuple[int, int]] = {}
    with _appearing(path) as (beside, archive):
        for sample, files in named:
            for name, picture in zip(files, _pictures(masks(sample), len(files)), strict=True):
                archive.writestr(_entry(name), picture)
                expected[name] = sample.size
        archive.close()
        _look_through(beside, expected)
    return len(expected)


def write_lines(
    path: Path,
    name: str,
    samples: Sequence[Sample],
    answered: Answered,
    prediction: Callable[[Sample], Prediction],
    incomplete: bool = False,
) -> int:
    """Write a zip with one file `name` of lines as QVHighlights has them; returns their number.

    A line holds the windows in seconds with their score, best first, and how well each clip of
    the sample's grid fits. Raises as `write_submission` does.
    """
    present = _present(samples, answered, incomplete)
    lines = []
    for sample in present:
        answer = prediction(sample)
        number = sample.expression_id
        row = {
            "qid": int(number) if number.isdecimal() else number,
            "query": sample.sentence,
            "vid": sample.video_id,
            "pred_relevant_windows": [list(window) for window in answers(answer)],
            "pred_saliency_scores": list(answer.relevance),
        }
        lines.append(to_text(row, ensure_ascii=False) + "\n")
    with _appearing(path) as (_, archive):
        archive.writestr(_entry(name), "".join(lines))
    return len(lines)


def _present(samples: Sequence[Sample], answered: Answered, incomplete: bool) -> list[Sample]:
    """Those with an answer. Raises BenchmarkError where some have none, unless `incomplete`."""
    missing = [sample for sample in samples if not answered(sample)]
    if missing and not incomplete:
        raise BenchmarkError(
            f"The submission would lack {len(missing)} of {len(samples)} expressions, first "
            f"'{missing[0].expression_id}' of '{missing[0].video_id}': run again to answer them, "
            "or add --incomplete to leave them out."
        )
    return [sample for sample in samples if answered(sample)]


@contextmanager
def _appearing(path: Path) -> Iterator[tuple[Path, zipfile.ZipFile]]:
    """A zip beside `path` that takes its place when the block ends well."""
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with zipfile.ZipFile(beside, "w", zipfile.ZIP_STORED) as archive:
            yield beside, archive
        beside.replace(path)
    except OSError as error:
        raise OutputError(f"Cannot write {path}: {error.strerror or error}.") from error
    finally:
        with suppress(OSError):
            beside.unlink()


def _entry(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name)
    entry.external_attr = 0o644 << 16
    return entry


def _pictures(masklet: Masklet, length: int) -> Iterator[bytes]:
    there = set(masklet.frames())
    nothing = png(np.zeros(masklet.size, dtype=bool))
    for frame in range(length):
        yield png(masklet.get(frame)) if frame in there else nothing


def png(mask: NDArray[np.bool_]) -> bytes:
    """A mask [H, W] as an 8 bit grey PNG, 0 or 255."""
    from PIL import Image

    file = io.BytesIO()
    Image.fromarray(mask.astype(np.uint8) * 255, "L").save(file, "PNG", compress_level=1)
    return file.getvalue()


def _look_through(path: Path, expected: dict[str, tuple[int, int]]) -> None:
    """Compare a zip's names and pictures' headers with what a server expects."""
    with zipfile.ZipFile(path) as archive:
        names = archive.namelist()
        if len(names) != len(set(names)) or set(names) != set(expected):
            odd = sorted(set(names) ^ set(expected)) or names
            raise BenchmarkError(f"The submission has a wrong set of files, first '{odd[0]}'.")
        for name in names:
            with archive.open(name) as file:
                width, height, depth, colour = struct.unpack(">II2B", file.read(26)[16:])
            if ((height, width), depth, colour) != (expected[name], 8, 0):
                raise BenchmarkError(
                    f"The picture '{name}' of the submission is {width} x {height} pixels, the "
                    f"frame is {expected[name][1]} x {expected[name][0]}."
                )
