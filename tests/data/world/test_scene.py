import os
import subprocess
import sys
from itertools import pairwise

import numpy as np
import pytest

from momentvos.data.world import render, scene
from momentvos.errors import DataError

FINGERPRINT = """
import hashlib
from momentvos.data.world import render, scene
for split, seed, world in (("train", 3, "v1"), ("val", 5, "v1"), ("test", 8, "v2")):
    made = scene(seed, split, world)
    said = repr([(e.sentence, e.kind, e.targets) for e in made.expressions])
    frames, ids = render(made, [0, 9, 31], 64)
    print(hashlib.sha256(said.encode() + frames.tobytes() + ids.tobytes()).hexdigest())
"""


def test_another_process_makes_the_same_bytes():
    def once(hash_seed):
        command = [sys.executable, "-c", FINGERPRINT]
        environment = os.environ | {"PYTHONHASHSEED": hash_seed, "OMP_NUM_THREADS": "1"}
        return subprocess.run(command, env=environment, capture_output=True, check=True).stdout

    assert once("1") == once("2") != b""


def test_seeds_splits_and_versions_differ():
    sentences = {
        tuple(e.sentence for e in scene(seed, split, world).expressions)
        for seed in range(5)
        for split in ("train", "val", "test")
        for world in ("v1", "v2")
    }
    assert len(sentences) == 30


@pytest.mark.parametrize("split", ["", "valid", "Train"])
def test_an_unknown_split_is_refused(split):
    with pytest.raises(DataError, match="train, val, test"):
        scene(0, split)


@pytest.mark.parametrize("version", ["", "v3", "V2", "2"])
def test_an_unknown_version_is_refused(version):
    with pytest.raises(DataError, match="v1, v2"):
        scene(0, "val", version)


FORMS = {"v1": ({32}, range(3, 8)), "v2": ({80, 88, 96}, range(6, 8))}
"""Lengths of the videos, and numbers of objects."""


def test_a_scene_has_the_promised_form(world_version, everything):
    lengths, counts = FORMS[world_version]
    assert {made.length for made in everything} == lengths
    assert {len(made.objects) for made in everything} == set(counts)
    for made in everything:
        assert (made.world, made.fps) == (world_version, 8.0)
        assert 5 <= len(made.expressions) <= 7
        for actor in made.objects:
            assert actor.poses.shape == (made.length, 4)
            assert actor.poses[:, 2].min() > 0.1 and actor.poses[:, 2].max() < 0.46
        assert len({actor.layer for actor in made.objects}) == len(made.objects)


def test_most_objects_move_two_or_three_times(everything):
    counts = [len(actor.segments) for made in everything for actor in made.objects]
    assert min(counts) >= 1
    assert np.mean([count >= 2 for count in counts]) > 0.9


def test_objects_stay_in_the_frame_unless_they_enter_or_leave(everything):
    for made in everything:
        for actor in made.objects:
            if not {"enter", "leave"} & {segment.verb for segment in actor.segments}:
                assert actor.visible.all()


def test_motions_rest_in_between(everything):
    for made in everything:
        for actor in made.objects:
            spans = sorted((s.start, s.stop) for s in actor.segments)
            assert all(b[0] - a[1] > 2 for a, b in pairwise(spans))


def test_translations_are_clearly_visible(everything):
    for made in everything:
        for actor in made.objects:
            for segment in actor.segments:
                if segment.verb in ("left", "right", "up", "down", "follow", "overtake"):
                    assert np.hypot(*segment.vector) >= 0.2


def test_visible_objects_have_pixels_and_hidden_ones_have_next_to_none(scenes):
    for made in (scenes["train"] + scenes["test"])[::8]:
        _, ids = render(made, range(made.length), 128)
        for k, actor in enumerate(made.objects):
            areas = (ids == k + 1).sum(axis=(1, 2))
            assert areas[actor.visible].min() > 0
            assert (areas[~actor.visible] < 0.3 * (128 * actor.poses[~actor.visible, 2]) ** 2).all()
