"""The present of an item as the fold of its history: changes, each with undo and redo.

Version n is what the first n events make. An undo is an event like any other, so that nothing is
ever taken out of a history.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from momentvos.errors import ArgumentError
from momentvos.studio.changes import Redo, Undo
from momentvos.studio.content import Scene

Content = TypeVar("Content")
"""What the item is: an `Annotation`, or the `Corrections` of a video."""


@dataclass(frozen=True)
class History(Generic[Content]):
    """An item now, what it was before each change that can be undone, and what undo took back."""

    present: Content
    past: tuple[Content, ...] = ()
    future: tuple[Content, ...] = ()
    version: int = 0

    def after(self, change: Any, scene: Scene) -> History[Content]:
        """With one event more. Raises ArgumentError for a change that does not fit."""
        number = self.version + 1
        if isinstance(change, Undo):
            if not self.past:
                raise ArgumentError("There is nothing to undo.")
            return History(self.past[-1], self.past[:-1], (*self.future, self.present), number)
        if isinstance(change, Redo):
            if not self.future:
                raise ArgumentError("There is nothing to redo.")
            return History(self.future[-1], (*self.past, self.present), self.future[:-1], number)
        present: Any = self.present
        return History(present.after(change, scene), (*self.past, self.present), (), number)


def fold(start: Content, changes: Iterable[Any], scene: Scene) -> History[Content]:
    """The history of an item that began as `start`. Raises ArgumentError."""
    history = History(start)
    for change in changes:
        history = history.after(change, scene)
    return history
