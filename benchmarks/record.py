"""What a benchmark leaves: machine, versions, command and rows, as JSON and as a table."""

import json
import os
import platform
import subprocess
import sys
from collections.abc import Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

PACKAGES = ("torch", "transformers", "sam2", "numpy", "av", "momentvos")
ROOT = Path(__file__).parents[1]


def about() -> dict[str, Any]:
    """The machine, versions, commit and command of this run."""
    import torch

    about = {
        "processor": _processor(),
        "cores": os.cpu_count(),
        "threads": torch.get_num_threads(),
        "instructions": torch.backends.cpu.get_cpu_capability(),
        "system": platform.platform(terse=True),
        "python": platform.python_version(),
        "versions": {name: _version(name) for name in PACKAGES if _version(name)},
        "commit": _commit(),
        "command": " ".join(["python", *sys.argv]),
    }
    if torch.cuda.is_available():
        about["gpu"] = torch.cuda.get_device_name()
    return about


def save(path: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write rows with what `about` says, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_suffix(".part")
    beside.write_text(json.dumps({**about(), "rows": list(rows)}, indent=1) + "\n")
    beside.replace(path)


def load(path: Path) -> list[dict[str, Any]]:
    """The rows of a file that `save` wrote with the same code, else none."""
    if not path.is_file():
        return []
    before = json.loads(path.read_text())
    rows: list[dict[str, Any]] = before["rows"] if before.get("commit") == _commit() else []
    return rows


def table(rows: Sequence[Mapping[str, Any]]) -> str:
    """Rows as a table of Markdown; columns in the order of their first mention."""
    columns = list(dict.fromkeys(name for row in rows for name in row))
    lines = [f"| {' | '.join(columns)} |", f"|{' --- |' * len(columns)}"]
    lines += [f"| {' | '.join(_shown(row.get(name)) for name in columns)} |" for row in rows]
    return "\n".join(lines)


def _shown(value: Any) -> str:
    if value is None:
        return "-"
    return f"{value:.3g}" if isinstance(value, float) else str(value)


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    return next(
        (line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), ""
    )


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""


def _commit() -> str:
    words = ["git", "-C", str(ROOT), "describe", "--always", "--dirty"]
    return subprocess.run(words, capture_output=True, text=True, check=False).stdout.strip()
