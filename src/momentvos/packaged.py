"""Files that travel with the package: recipes, the sample video and the schemas of what is written.

They stand at the top of the repository, and a wheel carries them in ``momentvos/packaged_files``.
"""

from __future__ import annotations

from pathlib import Path

from momentvos.errors import MomentVOSError

_HERE = Path(__file__).resolve().parent


def packaged(folder: str) -> Path:
    """The folder "recipes", "samples" or "schemas".

    Raises MomentVOSError for an installation that lacks it.
    """
    for path in (_HERE / "packaged_files" / folder, _HERE.parents[1] / folder):
        if path.is_dir():
            return path
    raise MomentVOSError(
        f"This installation of momentvos has no '{folder}': install its wheel, or a whole clone."
    )
