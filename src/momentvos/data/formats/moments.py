"""Moments per object in MeViS-style files (MeViS-M): intervals or frame lists."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from momentvos.data.formats.entry import Entry
from momentvos.moment import Moment

CONVENTION = "moment_convention"


@dataclass(frozen=True)
class Convention:
    """Frame numbering convention of a file.

    base: number of the first frame, 0 or 1. inclusive: whether an interval includes its second
    number. key: field that identifies an object, "anno_id" or "obj_id".
    """

    base: int = 0
    inclusive: bool = True
    key: str = "anno_id"

    @classmethod
    def of(cls, meta: Entry) -> Convention:
        """Read a file's ``moment_convention``. Raises BrokenEntry."""
        entry = meta.get(CONVENTION)
        if entry is None:
            return cls()
        for name, one in entry.items():
            known = {"index_base": (0, 1), "inclusive": (True, False), "key": ("anno_id", "obj_id")}
            if name not in known:
                raise one.broken("is not a known convention")
            if one.value not in known[name] or isinstance(one.value, bool) != (name == "inclusive"):
                raise one.broken(f"is not one of {', '.join(map(str, known[name]))}")
        value = entry.object()
        return cls(
            value.get("index_base", 0), value.get("inclusive", True), value.get("key", "anno_id")
        )

    def read(self, entry: Entry, length: int) -> Moment:
        """Read a moment from ``[[first, last], ...]`` or ``[frame, ...]``; an empty list is empty.

        Raises BrokenEntry for anything else, and for frames outside the video.
        """
        spans = []
        for place in entry.each():
            if isinstance(place.value, list):
                pair = [one.whole() - self.base for one in place.each()]
                if len(pair) != 2:
                    raise place.broken("is not a pair of frames")
                first, last = pair[0], pair[1] - (not self.inclusive)
            else:
                first = last = place.whole() - self.base
            if first > last:
                raise place.broken(f"is {place.value}, which ends before it starts")
            if first < 0 or last >= length:
                raise place.broken(
                    f"is {place.value}, which lies outside the video; its frames are "
                    f"{self.base} to {length - 1 + self.base}"
                )
            spans.append((first, last))
        return Moment(spans)

    def all(
        self, entry: Entry | None, ids: Sequence[str], length: int
    ) -> tuple[list[Moment], bool]:
        """Read each object's moment, and whether all of them are annotated.

        One list holds for every object. Without annotation the moment is the whole video.
        """
        if entry is None:
            return [Moment.all(length)] * len(ids), False
        if isinstance(entry.value, list):
            return [self.read(entry, length)] * len(ids), True
        own = dict(entry.items())
        for name, one in own.items():
            if name not in ids:
                raise one.broken(f"is no {self.key} of the expression")
        moments = [self.read(own[one], length) if one in own else Moment.all(length) for one in ids]
        return moments, len(own) == len(set(ids))
