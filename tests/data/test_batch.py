from dataclasses import replace

import numpy as np
import pytest
import torch

from momentvos.data.batch import Clip, collate
from momentvos.data.sample import Sample, Target
from momentvos.moment import Moment


def clip(queries, value):
    return Clip(
        frames=np.full((3, 4, 5, 3), value, dtype=np.uint8),
        indices=(value, value + 1, value + 2),
        sentences=tuple(f"{value}-{query}" for query in range(queries)),
        masks=np.ones((queries, 3, 4, 5), dtype=bool),
        active=np.zeros((queries, 3, 4, 5), dtype=bool),
        objects=np.full((3, 4, 5), value == 7),
        moment=np.ones((queries, 3), dtype=bool),
        segment=np.zeros((queries, 3), dtype=bool),
    )


def test_expressions_become_lanes_that_know_their_video():
    batch = collate([clip(2, 7), clip(1, 9)])
    assert batch.frames.shape == (2, 3, 3, 4, 5) and batch.frames.dtype == torch.uint8
    assert batch.video.tolist() == [0, 0, 1]
    assert batch.sentences == ("7-0", "7-1", "9-0")
    assert batch.indices.tolist() == [[7, 8, 9], [9, 10, 11]]
    assert batch.masks.shape == (3, 3, 4, 5) and batch.masks.dtype == torch.bool
    assert batch.moment.all() and not batch.segment.any()
    assert (batch.frames[1] == 9).all()
    assert batch.active.shape == batch.masks.shape and not batch.active.any()
    assert batch.objects.shape == (2, 3, 4, 5) and batch.objects.flatten(1).all(1).tolist() == [
        True,
        False,
    ]


def test_motions_that_sentences_name_are_known_of_all_or_of_none():
    one, two = replace(clip(2, 7), named_motions=((1,), (2, 0))), clip(1, 9)
    assert collate([one, replace(two, named_motions=((),))]).named_motions == ((1,), (2, 0), ())
    assert collate([one, two]).named_motions == ()


def test_to_moves_the_tensors_and_keeps_the_sentences():
    batch = collate([clip(1, 3)]).to("meta")
    assert batch.frames.device.type == "meta" and batch.segment.device.type == "meta"
    assert batch.sentences == ("3-0",)


class Still(Sample):
    def frames(self, indices):
        return np.zeros((len(indices), *self.size, 3), dtype=np.uint8)

    def masks(self, indices):
        return np.zeros((len(self.targets), len(indices), *self.size), dtype=bool)


def test_a_sample_holds_whenever_one_of_its_targets_does():
    targets = (Target("1", Moment([(0, 3)])), Target("2", Moment([(8, 9)])))
    sample = Still("v", "0", "the two cats that spin", "several", 12, (4, 4), 8.0, targets)
    assert sample.moment == Moment([(0, 3), (8, 9)])
    assert not Still("v", "1", "a cow", "none", 12, (4, 4), 8.0, ()).moment


def test_a_sample_must_read_pixels():
    with pytest.raises(TypeError):
        Sample("v", "0", "a dog", "motion", 1, (1, 1), 8.0, ())
