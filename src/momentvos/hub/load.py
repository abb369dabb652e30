"""Find and load models: a bundled one, a folder, or a hub id.

Each system owns the folder ``systems/SYSTEM/weights``: what lies there is bundled, by that name.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from momentvos.errors import ModelError
from momentvos.systems.pretrained import load_pretrained
from momentvos.systems.registry import systems

if TYPE_CHECKING:
    from momentvos.systems.base import System


@dataclass(frozen=True)
class KnownModel:
    """A model by name: `source` is "bundled" (loads at once) or "recipe" (to be trained)."""

    name: str
    source: str
    about: str
    path: str | None = None

    def to_json(self) -> dict[str, str | None]:
        """Plain values for `json.dumps`."""
        return asdict(self)


def known_models() -> list[KnownModel]:
    """What can be named without a path or a hub id."""
    bundled = [
        KnownModel(folder.name, "bundled", f"{entry.title} {entry.about}".strip(), str(folder))
        for entry in systems().values()
        for folder in entry.bundled()
    ]
    presets = [
        KnownModel(name, "recipe", f"{what}; recipes/{kind}/ train it from published weights")
        for kind, entry in systems().items()
        for name, what in entry.presets.items()
    ]
    return bundled + presets


def load(name: str | Path = "tgl-mini", device: str = "auto") -> System:
    """Load a model for use; all of them have `segment` and `ground`.

    Args:
        name: a bundled name (``momentvos models`` lists them), a folder written by
            ``save_pretrained``, or a hub id ``owner/name``.
        device: ``auto`` (a GPU where there is one), ``cpu``, ``cuda``, ``cuda:1`` or ``mps``.

    Raises:
        ModelError: there is no such model, it is not one of ours, or the device is not there.
    """
    text = str(name)
    known = {one.name: one for one in known_models()}
    if text in known and known[text].path is None:
        raise ModelError(
            f"'{text}' has no weights of its own: {known[text].about}; give the folder it was "
            "saved to."
        )
    return load_pretrained(name, device)
