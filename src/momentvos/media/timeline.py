"""Timeline of a sound: its pieces at their times, except where a time stamp is plainly wrong."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar

Piece = TypeVar("Piece")

_LEAP = 0.5
"""Seconds between two pieces from which on the next piece must confirm the second one's time."""


@dataclass(frozen=True)
class _Timed(Generic[Piece]):
    piece: Piece
    begin: float
    length: float

    @property
    def end(self) -> float:
        return self.begin + self.length


class Timeline(Generic[Piece]):
    """Yields each piece with the second at which it begins.

    A piece far from the end of the one before it is held until the next one confirms its time. If
    that goes on where the sound was, the piece's stamp is wrong, and it follows at once.
    """

    def __init__(self, end: float = float("inf")) -> None:
        """end: second after which no gap is kept: the rest of the sound has no picture."""
        self._end = end
        self._position: float | None = None
        self._held: _Timed[Piece] | None = None
        self._over = False

    def take(
        self, piece: Piece, begin: float | None, length: float
    ) -> Iterator[tuple[Piece, float]]:
        """Take the next piece. begin: its second, None if unknown. length: in seconds."""
        if self._over:
            return
        held, self._held = self._held, None
        position = self._position
        if held is not None and position is not None:
            if begin is not None and abs(begin - held.end) > _LEAP:
                held = _Timed(held.piece, position, held.length)
            elif held.begin > max(self._end, position):
                self._over = True
                return
            yield self._at(held)
            position = self._position
        if position is None or begin is None:
            begin = begin if position is None else position
            yield self._at(_Timed(piece, begin or 0.0, length))
        elif abs(begin - position) <= _LEAP:
            yield self._at(_Timed(piece, begin, length))
        else:
            self._held = _Timed(piece, begin, length)

    def rest(self) -> Iterator[tuple[Piece, float]]:
        """The piece that is held at the end; nothing confirms its time."""
        held, self._held = self._held, None
        if held is not None and self._position is not None and not self._over:
            yield self._at(_Timed(held.piece, self._position, held.length))

    def _at(self, timed: _Timed[Piece]) -> tuple[Piece, float]:
        self._position = timed.end
        return timed.piece, timed.begin
