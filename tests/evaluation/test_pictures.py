"""Strips of a report: what is answered and what is true, as two lines."""

import io

import numpy as np
from PIL import Image

from momentvos.data.world import samples, scene
from momentvos.evaluation.pictures import ANSWER, TRUTH, strip
from momentvos.masklet import Masklet


def near(picture, colour):
    return np.abs(picture.astype(int) - np.array(colour)).sum(-1) < 90  # it is a JPEG


def drawn(answered):
    sample = next(one for one in samples(scene(10, "test"), 200) if len(one.targets) == 1)
    answer = Masklet(sample.size)
    if answered:
        for frame in sample.moment.frames():
            answer.set(frame, sample.masks([frame])[:, 0].any(0))
    picture = Image.open(io.BytesIO(strip(sample, answer, 3, 200)))
    return np.asarray(picture.convert("RGB"))


def test_the_answer_lies_around_the_object_and_the_truth_inside():
    picture = drawn(True)
    pink, blue = near(picture, ANSWER), near(picture, TRUTH)
    assert picture.shape == (200, 608, 3)
    assert pink.sum() > 100 and blue.sum() > 100
    for left in range(0, 600, 204):
        part = np.s_[:, left : left + 200]
        if not pink[part].any():
            continue
        outer, inner = np.nonzero(pink[part]), np.nonzero(blue[part])
        assert outer[0].min() < inner[0].min() and outer[0].max() > inner[0].max()


def test_without_an_answer_there_is_the_truth_alone():
    picture = drawn(False)
    assert near(picture, TRUTH).sum() > 100 and near(picture, ANSWER).sum() < 5
