"""Where the answer to an expression lies in a folder of predictions or in a submission."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import PurePosixPath

from momentvos.data.sample import Sample
from momentvos.errors import BenchmarkError
from momentvos.paths import check_portable, folded


def place(sample: Sample) -> PurePosixPath:
    """``video/expression``; a video's name may have folders of its own (ReVOS).

    Raises BenchmarkError for a name that cannot be a folder, or would be another one.
    """
    try:
        for part in sample.video_id.split("/"):
            check_portable(part, "the video's name")
        check_portable(sample.expression_id, "the expression's name")
    except ValueError as error:
        raise BenchmarkError(
            f"The expression {sample.expression_id!r} of {sample.video_id!r} cannot be a folder of "
            f"predictions: {error}."
        ) from None
    return PurePosixPath(sample.video_id, sample.expression_id)


def check_frames(frames: Iterable[str]) -> None:
    """Raise BenchmarkError for a frame's name that cannot be a file."""
    for frame in frames:
        try:
            check_portable(frame, "The frame's name")
        except ValueError as error:
            raise BenchmarkError(f"{error}.") from None


def check_apart(paths: Iterable[str]) -> None:
    """Raise BenchmarkError where two paths are one on systems that do not tell case apart."""
    known: dict[str, str] = {}
    for path in paths:
        other = known.setdefault(folded(path), path)
        if other != path:
            raise BenchmarkError(
                f"'{other}' and '{path}' would be one file where upper and lower case are the "
                "same; give the expressions names that differ otherwise."
            )
