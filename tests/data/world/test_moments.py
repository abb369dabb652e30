"""Answers against eyes that see only poses: every motion is found again from how things move."""

import numpy as np
import pytest

from momentvos.data.world.atlas import LOOKS, categories
from momentvos.data.world.motion import VERBS

OPPOSITE = {"left": "right", "right": "left", "up": "down", "down": "up"}
WAY = {"left": (-1, 0), "right": (1, 0), "up": (0, -1), "down": (0, 1)}


def velocity(actor):
    """[T, 2]; frame 0 has no frame before it and counts as resting."""
    return np.diff(actor.world[:, :2], axis=0, prepend=actor.world[:1, :2])


def runs(flags, shortest=1):
    found, start = [], None
    for frame, flag in enumerate([*flags, False]):
        if flag and start is None:
            start = frame
        if not flag and start is not None:
            if frame - start >= shortest:
                found.append((start, frame - 1))
            start = None
    return found


def advances(actor, side):
    x, y = WAY[side]
    v = velocity(actor)
    along, across = v @ (x, y), np.abs(v @ (y, x))
    hopping = np.zeros(len(v), bool)
    for first, last, _ in humps(actor):
        hopping[first : last + 1] = True
    return runs((along > 0.014) & (across < 0.006) & ~hopping, 3)


def diagonals(actor):
    v = velocity(actor)
    steady = np.abs(np.diff(v, axis=0)).max(axis=1) < 0.006
    steady = np.r_[False, steady] | np.r_[steady, False]
    return runs((np.abs(v) > 0.012).all(axis=1) & steady, 5)


def humps(actor):
    """(first, last, height) of every rise above a resting place that comes back to it."""
    v, y, found, frame = velocity(actor), actor.world[:, 1], [], 1
    while frame < len(y):
        base, end = y[frame - 1], None
        if abs(v[frame, 1]) > 0.03 and v[frame, 1] < 0:
            for stop in range(frame + 2, min(frame + 9, len(y))):
                if np.abs(v[frame : stop + 1, 0]).max() > 0.005:
                    break
                if abs(y[stop] - base) < 0.015:
                    end = stop
                    break
        if end is None:
            frame += 1
        else:
            found.append((frame, end, base - y[frame : end + 1].min()))
            frame = end + 1
    return found


def jumps(actor):
    return [(first, last) for first, last, height in humps(actor) if height > 0.17]


def bounces(actor):
    low = [(first, last) for first, last, height in humps(actor) if height < 0.14]
    flags = np.zeros(len(actor.world), bool)
    for first, last in low:
        flags[first : last + 1] = True
    return runs(flags, 7)


def turned(actor):
    step = np.diff(actor.world[:, 3], prepend=actor.world[0, 3])
    return np.abs((step + 180) % 360 - 180)


def grown(actor):
    size = actor.world[:, 2]
    return np.r_[1.0, size[1:] / size[:-1]]


def stops(actor):
    found = []
    for side in WAY:
        legs = advances(actor, side)
        found += [(a[0], b[1]) for a in legs for b in legs if b[0] - a[1] == 5]
    return found


def reversals(actor):
    return [
        (a[0], b[1])
        for side in ("left", "right")
        for a in advances(actor, side)
        for b in advances(actor, OPPOSITE[side])
        if b[0] == a[1] + 1
    ]


def crossings(actor, arriving):
    """Runs of motion during which the object comes into the frame, or goes out of it."""
    shown, found = actor.visible, []
    for side in WAY:
        for first, last in advances(actor, side):
            before, after = shown[first - 1], shown[last]
            if (not before and after) if arriving else (before and not after):
                found.append((first, last))
    return found


DETECT = {
    **{side: lambda actor, side=side: advances(actor, side) for side in WAY},
    "diagonal": diagonals,
    "jump": jumps,
    "bounce": bounces,
    "spin": lambda actor: runs(turned(actor) > 28, 4),
    "shake": lambda actor: runs((turned(actor) > 8) & (turned(actor) < 28), 4),
    "grow": lambda actor: runs(grown(actor) > 1.03, 4),
    "shrink": lambda actor: runs(grown(actor) < 0.97, 4),
    "enter": lambda actor: crossings(actor, True),
    "leave": lambda actor: crossings(actor, False),
    "stop": stops,
    "turn_back": reversals,
}


def circles(actor, other):
    apart = actor.world[:, :2] - other.world[:, :2]
    far, angle = np.hypot(*apart.T), np.unwrap(np.arctan2(apart[:, 1], apart[:, 0]))
    moving = np.hypot(*velocity(actor).T) > 0.04
    kept = np.abs(np.diff(far, prepend=far[0])) < 0.02
    found = runs(moving & kept & (np.hypot(*velocity(other).T) < 0.006), 8)
    return [(a, b) for a, b in found if abs(angle[b] - angle[max(a - 1, 0)]) > 5.0]


def convoys(actor, other):
    """Runs in which both move the same way, with the lead of `actor` before and after."""
    found = []
    for side in WAY:
        mine, theirs = advances(actor, side), advances(other, side)
        lead = (actor.world[:, :2] - other.world[:, :2]) @ WAY[side]
        found += [
            (a[0], a[1], lead[max(a[0] - 1, 0)], lead[a[1]])
            for a in mine for b in theirs if a == b
        ]  # fmt: skip
    return found


RELATE = {
    "circle": circles,
    "follow": lambda a, b: [(s, e) for s, e, d, f in convoys(a, b) if d < 0 and abs(f - d) < 0.05],
    "overtake": lambda a, b: [(s, e) for s, e, d, f in convoys(a, b) if d < -0.1 and f > 0.1],
}


def readable(actor):
    """Whether the first frame is at rest: what came before it cannot be seen."""
    return all(segment.start > 0 for segment in actor.segments)


def class_of(made, expression):
    members = [k for k, actor in enumerate(made.objects) if actor.category == expression.category]
    if expression.attribute in ("small", "big"):
        targets = {k for k, _ in expression.targets}
        sizes = {k: made.objects[k].poses[:, 2] for k in members}
        small = targets if expression.attribute == "small" else set(members) - targets
        top = max(sizes[k].max() for k in small)
        assert all(sizes[k].min() > 1.3 * top for k in set(members) - small)
        return sorted(targets)
    return [k for k in members if expression.attribute in (None, made.objects[k].look)]


def others_of(made, expression):
    """The objects that the last noun of the sentence names."""
    words = expression.sentence.split()
    place = max(i for i, word in enumerate(words) if word in categories())
    look = words[place - 1] if words[place - 1] in LOOKS else None
    return [o for o in made.objects if o.category == words[place] and look in (None, o.look)]


def spans_of(made, expression, k):
    """What object k does of what is asked, seen from poses."""
    actor = made.objects[k]
    if set(expression.motions) & set(RELATE):
        (verb,) = expression.motions
        others = [o for o in others_of(made, expression) if o is not actor]
        return [span for other in others for span in RELATE[verb](actor, other)]
    found = [DETECT[verb](actor) for verb in expression.motions]
    if len(found) == 2:
        pairs = [(a, b) for a in found[0] for b in found[1] if a[1] < b[0]]
        return [span for pair in pairs for span in pair]
    return found[0] if found else [(0, len(actor.world) - 1)]


def frames_of(made, spans, k):
    shown = made.objects[k].visible
    return {frame for first, last in spans for frame in range(first, last + 1) if shown[frame]}


@pytest.mark.parametrize("split", ["train", "val", "test"])
def test_targets_are_complete_and_moments_exact(scenes, split):
    checked = 0
    for made in scenes[split]:
        for expression in made.expressions:
            truth = {}
            for k in class_of(made, expression):
                frames = frames_of(made, spans_of(made, expression, k), k)
                if frames and readable(made.objects[k]):
                    truth[k] = frames
            targets = {
                k: set(moment.frames())
                for k, moment in expression.targets
                if readable(made.objects[k])
            }
            assert truth == targets, (split, made.seed, expression.sentence)
            checked += len(targets)
    assert checked > 100


def test_every_motion_is_asked_for(everything):
    verbs = {
        verb for made in everything for e in made.expressions if e.targets for verb in e.motions
    }
    assert verbs == set(VERBS)


def test_nothing_satisfies_an_expression_without_target(everything):
    empty = [e for made in everything for e in made.expressions if e.kind == "none"]
    assert empty
    assert all(not e.targets and not e.moment for e in empty)


def test_expressions_with_a_target_have_a_moment(everything):
    for made in everything:
        for expression in made.expressions:
            if expression.kind != "none":
                assert expression.targets
                assert all(len(moment) >= 3 for _, moment in expression.targets)


def test_moments_leave_other_motions_outside(everything):
    """An object that is asked for by a motion moves in some other frames too, nearly always."""
    outside = []
    for made in everything:
        for expression in made.expressions:
            if expression.kind == "motion":
                k, moment = expression.targets[0]
                inside = {(s.start, s.stop) for s in made.objects[k].segments}
                outside.append(any(not (set(range(a, b + 1)) & set(moment.frames()))
                                   for a, b in inside))  # fmt: skip
    assert np.mean(outside) > 0.9
