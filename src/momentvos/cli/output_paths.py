"""Output paths: one folder per sentence, checked before inference."""

import tempfile
from collections.abc import Sequence
from pathlib import Path

from momentvos.errors import OutputError
from momentvos.paths import real, slug


def default_folder(video: Path) -> Path:
    """Default output folder: ``clip_momentvos`` for ``anywhere/clip.mp4``."""
    return Path(f"{real(video).stem or 'video'}_momentvos")


def result_folders(out: Path, sentences: Sequence[str]) -> list[Path]:
    """Result folder of each sentence: `out` for one, ``out/01-the-dog`` and so on for several."""
    if len(sentences) == 1:
        return [out]
    digits = max(2, len(str(len(sentences))))
    return [out / f"{n:0{digits}}-{slug(text)}" for n, text in enumerate(sentences, start=1)]


def check_writable(folder: Path) -> None:
    """Check that `folder` can be created, before minutes of inference.

    Raises:
        OutputError: `folder` is a file, or its nearest existing parent cannot be written to.
    """
    try:
        nearest = next(filter(_is_there, (folder, *folder.absolute().parents)))
        if not nearest.is_dir():
            raise OutputError(f"Cannot write results to {folder}: {nearest} is not a folder.")
        with tempfile.TemporaryFile(dir=nearest) as probe:
            probe.write(bytes(1 << 16))
            probe.flush()
    except OSError as error:
        reason = error.strerror or str(error)
        raise OutputError(
            f"Cannot write results to {folder}: {reason}. Choose another folder with -o."
        ) from error


def _is_there(path: Path) -> bool:
    try:
        path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    return True
