"""The exporters by name: those of this package, and what others register.

An exporter is an entry point of the group ``momentvos.exporters`` that names an `Exporter`; see
docs/add-an-exporter.md:

    [project.entry-points."momentvos.exporters"]
    srt = "momentvos.results.export.entries:SRT"
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from importlib.metadata import entry_points

from momentvos.errors import OutputError
from momentvos.results.export.exporter import Exporter
from momentvos.suggestion import nearest

GROUP = "momentvos.exporters"


def exporters() -> Mapping[str, Exporter]:
    """Every exporter that can be used, by name, in alphabetical order."""
    return registered()[0]


@cache
def registered() -> tuple[dict[str, Exporter], dict[str, str]]:
    """The exporters, and by name why others cannot be used.

    Of two packages with the same name neither is used, except that ours stands.
    """
    found: dict[str, Exporter] = {}
    faults: dict[str, str] = {}
    points = sorted(entry_points(group=GROUP), key=lambda point: (point.name, not _ours(point)))
    for point in points:
        where = f"The exporter '{point.name}' ({point.value})"
        if point.name in faults:
            continue
        if point.name in found:
            if not found[point.name].write.startswith("momentvos."):
                del found[point.name]
                faults[point.name] = f"{where} is registered by two packages; uninstall one."
            continue
        try:
            entry = point.load()
        except (Exception, SystemExit) as error:
            faults[point.name] = f"{where} cannot be imported: {error}."
            continue
        if isinstance(entry, Exporter) and entry.suffixes:
            found[point.name] = entry
        else:
            faults[point.name] = f"{where} is no Exporter with a suffix."
    return found, faults


def exporter(name: str) -> Exporter:
    """The exporter of a name. Raises OutputError, with the nearest name, for another one."""
    known, faults = registered()
    if name in known:
        return known[name]
    if name in faults:
        raise OutputError(faults[name])
    if not known:
        raise OutputError("No export format is registered; install momentvos again with pip.")
    close = nearest(name, known)
    hint = f"did you mean '{close}'?" if close else f"there are {', '.join(known)}."
    raise OutputError(f"There is no export format '{name}'; {hint}")


def check_names(text: str) -> list[str]:
    """Names in ``a,b``, each once. Raises OutputError for one that is unknown or none at all."""
    names = list(dict.fromkeys(part.strip() for part in text.split(",") if part.strip()))
    if not names:
        raise OutputError("No export format is named; `momentvos export --to list` lists them.")
    for name in names:
        exporter(name)
    return names


def listing(names: Iterable[str] | None = None) -> str:
    """One line per exporter: name, endings, title; then those that cannot be used, and why."""
    known, faults = registered()
    shown = list(known if names is None else names)
    width = max(map(len, shown), default=0)
    lines = [f"{name:<{width}}  {known[name].title}" for name in shown]
    if names is None and faults:
        lines += ["", *faults.values()]
    return "\n".join(lines)


def _ours(point: object) -> bool:
    return str(getattr(point, "value", "")).startswith("momentvos.results.export.")
