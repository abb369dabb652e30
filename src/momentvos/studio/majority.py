"""What most annotators say: frame by frame, of objects that most of them name."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from momentvos.moment import Moment
from momentvos.studio.content import SUBMITTED, UNUSABLE, Annotation


def majority(annotations: Sequence[Annotation]) -> Annotation | None:
    """What more than half of those who handed in say, as handed in; None where nobody has.

    Where more than half call it unusable it is, for all their reasons. Else those who do have no
    voice in the moments. Of two annotators more than half are both.
    """
    unusable = [one for one in annotations if one.state == UNUSABLE]
    usable = [one for one in annotations if one.state == SUBMITTED]
    if len(unusable) > len(usable):
        reasons = dict.fromkeys(one.reason for one in unusable)
        return Annotation(_moments(usable), UNUSABLE, "; ".join(reasons))
    return Annotation(_moments(usable), SUBMITTED) if usable else None


def _moments(annotations: Sequence[Annotation]) -> dict[str, Moment]:
    names = Counter(name for one in annotations for name in one.moments)
    return {
        name: most([one.moments.get(name, Moment.empty()) for one in annotations])
        for name, number in names.items()
        if 2 * number > len(annotations)
    }


def most(moments: Sequence[Moment]) -> Moment:
    """The frames that are in more than half of some moments."""
    steps: Counter[int] = Counter()
    for moment in moments:
        for first, last in moment.spans:
            steps[first] += 1
            steps[last + 1] -= 1
    spans, inside, begun = [], 0, -1
    for frame in sorted(steps):
        inside += steps[frame]
        if 2 * inside > len(moments):
            begun = frame if begun < 0 else begun
        elif begun >= 0:
            spans.append((begun, frame - 1))
            begun = -1
    return Moment(spans)
