"""The systems by name: those of this package, and what others register.

A system is an entry point of the group ``momentvos.systems`` that names a :class:`SystemEntry`:

    [project.entry-points."momentvos.systems"]
    tgl = "momentvos.systems.tgl:ENTRY"

Its name is the `model_type` of the system's configuration, without ``momentvos_`` in front.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module
from importlib.metadata import entry_points
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from momentvos.errors import ModelError
from momentvos.notice import warn
from momentvos.suggestion import did_you_mean

if TYPE_CHECKING:
    from momentvos.systems.base import System

GROUP = "momentvos.systems"
PREFIX = "momentvos_"
MINI = "trained on MomentWorld; knows its sprites alone: for the demo, tests, synthetic scenes"
"""`SystemEntry.about` of the models bundled here."""


@dataclass(frozen=True)
class SystemEntry:
    """What is known of a system before anything heavy is imported.

    Attributes:
        title: what people call it.
        model: where its model's class is, ``package.module:Class``.
        presets: by name, sizes that recipes train from published weights.
        weights: package whose folder ``weights`` holds bundled models; None: it bundles none.
        about: what bundled models are trained on and for, in a few words that follow the title.
        official: by the `model_type` of folders that its authors published, what reads one as it
            is, ``package.module:function``; see `momentvos.hub.official`.
    """

    title: str
    model: str
    presets: Mapping[str, str] = field(default_factory=dict)
    weights: str | None = None
    about: str = ""
    official: Mapping[str, str] = field(default_factory=dict)

    def load(self) -> type[System]:
        """Import the model's class. Raises ModelError where it cannot be."""
        module, _, name = self.model.partition(":")
        try:
            made: type[System] = getattr(import_module(module), name)
        except (ImportError, AttributeError) as error:
            raise ModelError(
                f"The system '{self.title}' ({self.model}) cannot be imported: {error}."
            ) from error
        return made

    def bundled(self) -> list[Path]:
        """Folders of the bundled models, in order of their names.

        Raises ModelError where there is no package of the name.
        """
        if self.weights is None:
            return []
        try:
            folder = Path(str(files(self.weights).joinpath("weights")))
        except ImportError as error:
            raise ModelError(
                f"The bundled models of the system '{self.title}' cannot be found: {error}."
            ) from error
        return [file.parent for file in sorted(folder.glob("*/config.json"))]


def systems() -> Mapping[str, SystemEntry]:
    """Every registered system by name; an entry point that cannot be used is left out, with a note.

    Raises ModelError where two packages register the same name.
    """
    return registered()[0]


@cache
def registered() -> tuple[dict[str, SystemEntry], dict[str, str]]:
    """The systems, and by name why others cannot be used."""
    found: dict[str, SystemEntry] = {}
    faults: dict[str, str] = {}
    for point in entry_points(group=GROUP):
        try:
            entry = point.load()
        except Exception as error:
            faults[point.name] = f"The system '{point.name}' cannot be imported: {error}."
            continue
        if not isinstance(entry, SystemEntry):
            faults[point.name] = f"The system '{point.name}' ({point.value}) is no SystemEntry."
            continue
        if point.name in found:
            raise ModelError(
                f"The system '{point.name}' ({point.value}) is registered by two packages; "
                "uninstall one of them."
            )
        found[point.name] = entry
    for fault in faults.values():
        warn(f"{fault} It is left out.", RuntimeWarning, stacklevel=3)
    return found, faults


def official_readers() -> Mapping[str, str]:
    """By `model_type`, what reads the authors' own folders that load as they are."""
    return {kind: reader for one in systems().values() for kind, reader in one.official.items()}


def title(kind: str) -> str:
    """What people call a system, by its name or `model_type`; an unregistered one by itself."""
    entry = systems().get(kind.removeprefix(PREFIX))
    return kind if entry is None else entry.title


def system(kind: str) -> type[System]:
    """The class of a system by its name or its configuration's `model_type`.

    Raises ModelError that lists the known ones.
    """
    return systems()[check_known(kind)].load()


def check_known(kind: str) -> str:
    """The name of a system, of which nothing is imported. Raises ModelError, as `system`."""
    name = kind.removeprefix(PREFIX)
    if name in registered()[1]:
        raise ModelError(registered()[1][name])
    if name not in systems():
        known = sorted(systems())
        raise ModelError(
            f"There is no system '{name}'; known are {', '.join(known)}{did_you_mean(name, known)}"
        )
    return name
