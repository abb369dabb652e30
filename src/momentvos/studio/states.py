"""How far an expression can be."""

from __future__ import annotations

from typing import Final, Literal

Status = Literal["open", "done", "disputed", "final"]
OPEN: Final = "open"
DONE: Final = "done"
DISPUTED: Final = "disputed"
DECIDED: Final = "final"
