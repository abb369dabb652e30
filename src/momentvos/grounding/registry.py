"""Registry of grounders: those of this package, and those of others.

A grounder is an entry point of the group ``momentvos.grounders`` that names a
:class:`GrounderEntry`; see docs/add-a-grounder.md:

    [project.entry-points."momentvos.grounders"]
    clip = "momentvos.grounding.entries:CLIP"
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from importlib.metadata import entry_points
from typing import TYPE_CHECKING, Any, Literal

from momentvos.errors import ModelError

if TYPE_CHECKING:
    from momentvos.grounding.context import Context
    from momentvos.grounding.part import Part
    from momentvos.grounding.protocol import Grounder

GROUP = "momentvos.grounders"
NAME = re.compile(r"[a-z0-9.-]+")
"""What a spec can hold as a name."""


@dataclass(frozen=True)
class GrounderEntry:
    """A grounder's place in the grammar of specs, known before anything heavy is imported.

    Attributes:
        title: one line for people.
        build: function that makes the grounder, ``package.module:function``; it takes a
            `momentvos.grounding.Part` and a `momentvos.grounding.Context`.
        source: whether ``=SOURCE`` (a folder, file or hub id) may or must follow the name.
        source_hint: how to get a required source.
        top_k: whether ``:K`` may follow.
        threshold: whether ``@T`` may follow.
        words: options of which one may follow as ``~WORD``, fallbacks aside.
        fallback: whether ``~or-all`` or ``~or-none`` may follow, for answers that are unreadable.
        published: hub id of the weights without ``=SOURCE``.
        check: function that raises ModelError or DataError where a `momentvos.grounding.Part`
            cannot be built, before anything heavy is imported; "" for none.
    """

    title: str
    build: str
    source: Literal["none", "optional", "required"] = "none"
    source_hint: str = ""
    top_k: bool = True
    threshold: bool = False
    words: tuple[str, ...] = ()
    fallback: bool = False
    published: str = ""
    check: str = ""

    def load(self) -> Callable[[Part, Context], Grounder]:
        """Import the function. Raises ModelError where it cannot be."""
        made: Callable[[Part, Context], Grounder] = self._function(self.build)
        return made

    def check_part(self, part: Part) -> None:
        """Raise what `check` raises."""
        if self.check:
            self._function(self.check)(part)

    def _function(self, name: str) -> Any:
        module, _, attribute = name.partition(":")
        try:
            return getattr(import_module(module), attribute)
        except (ImportError, AttributeError) as error:
            raise ModelError(f"{self.title} ({name}) cannot be imported: {error}.") from error


@cache
def grounders() -> Mapping[str, GrounderEntry]:
    """Every registered grounder by name, in alphabetical order.

    Raises ModelError for an entry point that cannot be used.
    """
    entries: dict[str, GrounderEntry] = {}
    for point in sorted(entry_points(group=GROUP), key=lambda point: point.name):
        where = f"The grounder '{point.name}' ({point.value})"
        try:
            entry = point.load()
        except Exception as error:
            raise ModelError(f"{where} cannot be imported: {error}.") from error
        if not isinstance(entry, GrounderEntry):
            raise ModelError(f"{where} is no GrounderEntry.")
        if not NAME.fullmatch(point.name):
            raise ModelError(f"{where} has a name with more than a-z, 0-9, '.' and '-'.")
        if point.name in entries:
            raise ModelError(f"{where} is registered by two packages; uninstall one of them.")
        entries[point.name] = entry
    return entries
