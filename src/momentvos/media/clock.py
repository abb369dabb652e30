"""A file's own clock, which may start over or jump, and its map to seconds of the video."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction

BACK = 0.1
"""Seconds by which a clock may go back without being another clock."""
LEAP = 10.0
"""Seconds by which it may go on, in formats that promise no continuous clock (as FFmpeg)."""
_SURE = 8
"""Packets of a new clock after which it is not taken for a few wrong stamps."""
_BESIDE = 2.5
"""Seconds by which picture and sound of one clock may be apart in the file."""
_VOTES = 3


@dataclass(frozen=True)
class Clock:
    """Map from the time stamps of a file to seconds after its first frame.

    Attributes:
        start: frame 0 in seconds of the first clock.
        shifts: per stream number: (packet number, seconds to add from that packet on), where the
            clock starts over or jumps.
    """

    start: Fraction = Fraction(0)
    shifts: Mapping[int, tuple[tuple[int, Fraction], ...]] = field(default_factory=dict)

    def shift(self, stream: int, packet: int) -> Fraction:
        """Seconds to add to the stamps of the stream's packet of that number."""
        shift = Fraction(0)
        for first, value in self.shifts.get(stream, ()):
            if first > packet:
                break
            shift = value
        return shift - self.start

    def starting_at(self, start: Fraction) -> Clock:
        """The same clock with frame 0 at another second."""
        return replace(self, start=start)


class ClockWatch:
    """Reads the clock from the packets of a video stream and its audio streams, in file order.

    After a break the second clock goes on where the video of the first one ended; its sound moves
    with it. A stream that breaks alone goes on where it ended itself. A few packets with wrong
    stamps are no break.
    """

    def __init__(self, video: int, leaps: bool) -> None:
        """video: number of its stream. leaps: whether a jump forward is a break as well."""
        self._video = video
        self._leaps = leaps
        self._lines: dict[int, _Line] = {}

    def see(self, stream: int, stamp: float, begin: float, end: float) -> None:
        """Take the next packet: its decoding stamp, begin and end of its presentation, in s."""
        line = self._lines.get(stream)
        if line is None:
            line = self._lines[stream] = _Line(LEAP if self._leaps else None)
        line.see(stamp, begin, end)
        picture = self._lines.get(self._video)
        if stream != self._video and picture is not None:
            line.beside(stamp, picture)

    def skip(self, stream: int) -> None:
        """Take a packet that has no stamp."""
        if stream in self._lines:
            self._lines[stream].count += 1

    def clock(self, unit: Fraction) -> Clock:
        """The clock, with breaks that are a whole number of `unit` seconds."""
        for line in self._lines.values():
            line.finish()
        if self._video not in self._lines or all(len(x.runs) == 1 for x in self._lines.values()):
            return Clock()
        sounds = [line for stream, line in self._lines.items() if stream != self._video]
        moved = self._picture(sounds)
        shifts = {self._video: moved}
        for stream, line in self._lines.items():
            if stream != self._video:
                shifts[stream] = _sound(line, moved)
        return Clock(
            shifts={
                stream: tuple(
                    (run.packet, round(move / unit) * unit)
                    for run, move in zip(self._lines[stream].runs, moves, strict=True)
                )
                for stream, moves in shifts.items()
            }
        )

    def _picture(self, sounds: list[_Line]) -> list[float]:
        runs = self._lines[self._video].runs
        shifts = [0.0]
        for number in range(1, len(runs)):
            one, two = runs[number - 1], runs[number]
            one_clock = two.low >= one.high and any(
                min(run.votes.get(number - 1, 0), run.votes.get(number, 0)) >= _VOTES
                for sound in sounds
                for run in sound.runs
            )
            shifts.append(shifts[-1] + (0.0 if one_clock else one.high - two.low))
        return shifts


@dataclass
class _Run:
    """Packets of one stream on one clock, from number `packet` on; times in seconds."""

    packet: int
    last: float
    low: float
    high: float
    votes: dict[int, int] = field(default_factory=dict)
    before: deque[tuple[float, float]] = field(default_factory=lambda: deque(maxlen=_SURE))

    def take(self, stamp: float, begin: float, end: float) -> None:
        self.before.append((self.last, self.high))
        self.last, self.low, self.high = stamp, min(self.low, begin), max(self.high, end)

    def forget_leap(self, stamp: float) -> None:
        """Take back the latest packets if `stamp` shows that their stamps are wrong, far ahead."""
        following = self.last
        for number in range(len(self.before) - 1, -1, -1):
            last, high = self.before[number]
            if last < stamp < following and following - last > 1.5 * (stamp - last):
                self.last, self.high = last, high
                while len(self.before) > number:
                    self.before.pop()
                return
            following = last


class _Line:
    """The runs of one stream."""

    def __init__(self, leap: float | None) -> None:
        self.runs: list[_Run] = []
        self.count = 0
        self._leap = leap
        self._held: list[tuple[int, float, float, float]] = []

    def see(self, stamp: float, begin: float, end: float) -> None:
        packet, self.count = self.count, self.count + 1
        if not self.runs:
            self.runs.append(_Run(packet, stamp, begin, end))
            return
        run, held = self.runs[-1], self._held
        if stamp < run.last and not held:
            run.forget_leap(stamp)
        back = self._follows(run.last, stamp)
        if held and self._follows(held[-1][1], stamp):
            back = back and abs(stamp - run.last) < abs(stamp - held[-1][1])
        elif not back:
            held.clear()
        if back:
            held.clear()
            run.take(stamp, begin, end)
            return
        held.append((packet, stamp, begin, end))
        if len(held) == _SURE:
            self._break()

    def beside(self, stamp: float, picture: _Line) -> None:
        """Vote for the picture's run that the latest packet shares its clock with."""
        run, number = self.runs[-1], len(picture.runs) - 1
        if not self._held and abs(stamp - picture.runs[-1].last) < _BESIDE:
            run.votes[number] = run.votes.get(number, 0) + 1

    def finish(self) -> None:
        if len(self._held) > 1:
            self._break()

    def _break(self) -> None:
        packet, stamp, begin, end = self._held[0]
        run = _Run(packet, stamp, begin, end)
        for _packet, *times in self._held[1:]:
            run.take(*times)
        self.runs.append(run)
        self._held.clear()

    def _follows(self, one: float, two: float) -> bool:
        return two - one >= -BACK and (self._leap is None or two - one <= self._leap)


def _sound(line: _Line, picture: list[float]) -> list[float]:
    """Seconds to add for each run of a sound: as its picture, else where it ended itself."""
    shifts: list[float] = []
    for number, run in enumerate(line.runs):
        votes = run.votes
        if votes and max(votes.values()) >= _VOTES:
            shifts.append(picture[max(votes, key=lambda place: votes[place])])
        elif not shifts:
            shifts.append(0.0)
        else:
            shifts.append(shifts[-1] + line.runs[number - 1].high - run.low)
    return shifts
