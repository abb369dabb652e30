"""The plan of several objects: what is decoded when, and what that needs to be held."""

import pytest

from momentvos.propagation.bank import Index
from momentvos.propagation.lifetime import lifetimes
from momentvos.systems.tracks.plan import object_steps, stretch


def objects(length, every=12, missing=()):
    """Two objects with a keyframe every so often; the second has none where it is missing."""
    keys = [*range(0, length, every)]
    frames = range(length)
    return {
        0: (frames, dict.fromkeys(keys, "box")),
        1: (frames, {key: "box" for key in keys if key not in missing}),
    }


def held(plan):
    """Most entries that the bank holds at once."""
    most = now = 0
    for stage, expired in zip(plan.stages, lifetimes(plan, 7), strict=True):
        now += 2 * sum(step.write is not None for step in stage)
        most = max(most, now)
        now -= len(expired)
    return most


def encoded(plan, least=28, chunk=8):
    """Frames that a cache of so many frames encodes, in chunks, the oldest dropped first."""
    cache, count = [], 0
    for stage in plan.stages:
        for frame in {step.frame for step in stage}:
            if frame not in cache:
                start = frame // chunk * chunk
                new = [one for one in range(start, start + chunk) if one not in cache]
                cache, count = [*cache, *new][-least:], count + len(new)
    return count


@pytest.mark.parametrize("missing", [(), (24,), (0, 12), (48, 60)])
def test_every_step_reads_what_is_written_before_it(missing):
    """The keyframes on both sides, or the two nearest ones, and neighbours of the same walk."""
    given = objects(72, missing=missing)
    index = {0: Index(), 1: Index()}
    for stage in stretch(given).stages:
        for step in stage:
            if step.read is None:
                continue
            chosen = index[step.obj_id].select(step.frame, step.read, 7)
            anchors = sorted(given[step.obj_id][1])
            before = [one for one in anchors if one < step.frame][-1:]
            behind = [one for one in anchors if one > step.frame][:1]
            wanted = [*before, *behind]
            if not before:
                wanted = anchors[:2]
            elif not behind:
                wanted = anchors[-2:]
            assert {*wanted} <= {*chosen.frames}
            way = -1 if step.read.order == "previous" else 1
            assert step.frame + way in (*chosen.frames, *wanted)
        for step in stage:
            index[step.obj_id].add(step.frame, step.write == "conditioning")


def test_all_frames_are_in_the_plan_once():
    plan = stretch(objects(50, missing=(12,)))
    steps = sorted((step.obj_id, step.frame) for step in plan.steps())
    assert steps == [(number, frame) for number in (0, 1) for frame in range(50)]
    alone = list(object_steps(0, range(5), {2: "mask"}))
    assert [step.prompt for step in alone] == [None, None, "mask", None, None]


def test_the_bank_does_not_grow_with_the_video():
    assert held(stretch(objects(600))) == held(stretch(objects(60)))


def test_each_frame_is_encoded_once():
    assert encoded(stretch(objects(240))) == 240
