"""Exporters: predictions in the formats of film editors, annotation tools and data sets.

    from momentvos.results.export import Options, export, exporters

    export(prediction, "matte", "matte.mov", Options(feather=2, grow=1))
    export([one, two], "coco", "annotations.json")
    list(exporters())

One file per format; each has a function ``write(predictions, out, options)``, named by an
`Exporter` that is an entry point of the group ``momentvos.exporters``.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from momentvos.results.export.exporter import Exporter as Exporter
    from momentvos.results.export.exporter import Options as Options
    from momentvos.results.export.footage import opened as opened
    from momentvos.results.export.names import by_video as by_video
    from momentvos.results.export.registry import exporters as exporters
    from momentvos.results.export.writing import Written as Written
    from momentvos.results.export.writing import export as export

_HOMES = {
    "Exporter": "exporter",
    "Options": "exporter",
    "Written": "writing",
    "by_video": "names",
    "export": "writing",
    "exporters": "registry",
    "opened": "footage",
}
__all__ = ["Exporter", "Options", "Written", "by_video", "export", "exporters", "opened"]


def __getattr__(name: str) -> Any:
    """Resolve a public name on first use, so that formats load when needed."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = value
    return value
