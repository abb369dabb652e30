"""Run the notebooks of docs/ and keep their outputs: tools/run_notebooks.py [FILE ...]

Needs momentvos[dev]. A notebook is written back only when every cell has run, without what bars
and warnings have printed, and without times or names of this machine.
"""

from __future__ import annotations

import sys
from pathlib import Path

import nbformat
from nbclient import NotebookClient

DOCS = Path(__file__).resolve().parents[1] / "docs"
PATIENCE = 600
"""Seconds for a cell."""


def executed(path: Path, folder: Path) -> nbformat.NotebookNode:
    """The notebook with fresh outputs; files that it writes go to `folder`."""
    notebook = nbformat.read(path, as_version=4)
    NotebookClient(
        notebook,
        timeout=PATIENCE,
        kernel_name="python3",
        resources={"metadata": {"path": str(folder)}},
    ).execute()
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)
        if cell.cell_type == "code":
            cell.outputs = [one for one in cell.outputs if not _is_noise(one)]
    return notebook


def _is_noise(output: nbformat.NotebookNode) -> bool:
    if output.output_type == "stream":
        return bool(output.name == "stderr")
    data = output.get("data", {})
    return output.output_type == "display_data" and not data.get("text/html", "x")


def main() -> None:
    import tempfile

    for path in map(Path, sys.argv[1:]) if sys.argv[1:] else sorted(DOCS.glob("*.ipynb")):
        with tempfile.TemporaryDirectory() as folder:
            notebook = executed(path, Path(folder))
        nbformat.write(notebook, path)
        print(f"{path}: {path.stat().st_size >> 10} KiB")


if __name__ == "__main__":
    main()
