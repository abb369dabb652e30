"""Colours that are told apart, by everyone, from each other and from what lies below."""

from itertools import combinations

import numpy as np
import pytest

from momentvos.results.palette import PALETTE, assign, ground, oklab, rim

# Machado, Oliveira, Fernandes, "A physiologically-based model for simulation of color vision
# deficiency", 2009, severity 1.0, for linear RGB.
CONES = {
    "all": np.eye(3),
    "no red": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "no green": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
    "no blue": [
        [1.255528, -0.076749, -0.178779],
        [-0.078411, 0.930809, 0.147602],
        [0.004733, 0.691367, 0.303900],
    ],
}


def seen(colours, matrix):
    value = np.asarray(colours) / 255
    linear = np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)
    mixed = np.clip(linear @ np.array(matrix).T, 0, 1)
    back = np.where(mixed <= 0.0031308, 12.92 * mixed, 1.055 * mixed ** (1 / 2.4) - 0.055)
    return back * 255


def distance(one, other):
    return float(np.linalg.norm(oklab(one) - oklab(other)))


def plain(colour, count=50):
    return np.tile(np.array(colour, np.uint8), (count, 1))


def test_oklab_of_known_colours():
    assert oklab((255, 255, 255)) == pytest.approx([1, 0, 0], abs=1e-3)
    assert oklab((0, 0, 0)) == pytest.approx([0, 0, 0], abs=1e-6)
    assert oklab((255, 0, 0)) == pytest.approx([0.628, 0.225, 0.126], abs=1e-3)


@pytest.mark.parametrize("kind", CONES)
def test_all_eyes_tell_the_colours_apart(kind):
    colours = seen(PALETTE, CONES[kind])
    assert min(distance(one, other) for one, other in combinations(colours, 2)) > 0.11


def test_a_line_is_seen_on_any_ground():
    grounds = np.random.default_rng(0).integers(0, 256, (2000, 3))
    for colour in PALETTE:
        tones = oklab([colour, rim(colour)])
        gaps = np.linalg.norm(oklab(grounds)[:, None] - tones, axis=-1).max(1)
        assert gaps.min() > 0.2


@pytest.mark.parametrize("seed", range(40))
def test_a_colour_is_unlike_the_object_and_its_surroundings(seed):
    rng = np.random.default_rng(seed)
    below, beside = rng.integers(0, 256, (2, 3))
    (colour,) = assign([np.concatenate([plain(below), plain(beside)])])
    assert min(distance(colour, below), distance(colour, beside)) > 0.15


@pytest.mark.parametrize("colour", PALETTE)
def test_no_object_gets_the_colour_that_it_has(colour):
    assert assign([plain(colour)]) != [colour]


@pytest.mark.parametrize("count", [2, 5, 8])
def test_several_objects_get_different_colours(count):
    alike = [plain((200, 120, 60))] * count
    assert len(set(assign(alike))) == count
    assert len(set(assign([None] * count))) == count


def test_after_eight_objects_colours_repeat():
    colours = assign([None] * 20)
    assert len(colours) == 20 and set(colours) == set(PALETTE)


def test_the_ground_is_the_object_and_a_band_around_it():
    rgb = np.zeros((100, 100, 3), np.uint8)
    rgb[40:60, 40:60] = (10, 200, 10)
    rgb[:20] = 255
    mask = rgb[..., 1] == 200
    pixels = {tuple(pixel) for pixel in ground(rgb, mask).tolist()}
    assert pixels == {(10, 200, 10), (0, 0, 0)}
    assert len(ground(rgb, np.ones((100, 100), bool))) > 0
