"""Before torch is loaded: one thread, which for small shapes is both faster and repeatable."""

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import pytest
import torch
from hypothesis import settings

from momentvos.data.batch import Clip, collate
from momentvos.data.world import WORDS, render, scene
from momentvos.media.arrays import ArrayVideo
from momentvos.systems.tgl.model import TglModel
from momentvos.systems.tgl.presets import tgl_config
from momentvos.systems.tgl.pretrain.init_weights import init_weights
from momentvos.text import train_tokenizer

# A run of the tests says the same twice; new examples are searched for on purpose, by
# `make test ARGS=--hypothesis-profile=search`.
settings.register_profile("repeatable", derandomize=True, deadline=None)
settings.register_profile("search", max_examples=1000, deadline=None, print_blob=True)
settings.load_profile("repeatable")


@pytest.fixture(scope="session")
def build():
    """A mini with random weights, without track selection; overrides are fields of its config."""
    tokenizer = train_tokenizer(WORDS(), 1024, 64)

    def make(**overrides):
        torch.manual_seed(0)
        model = TglModel(tgl_config("mini", **({"selection": None} | overrides)))
        init_weights(model)
        model.tokenizer = tokenizer
        return model.eval()

    return make


@pytest.fixture(scope="session")
def mini(build):
    return build(presence_threshold=0.0, gate=False)


@pytest.fixture(scope="session")
def world():
    return scene(3, "test")


@pytest.fixture(scope="session")
def video(world):
    frames, _ = render(world, range(12), 128)
    return ArrayVideo(frames, world.fps)


@pytest.fixture(scope="session")
def batch():
    """Two videos of 8 frames; queries with M+ in front, in the middle, and nowhere."""
    clips = []
    for number in range(2):
        made = scene(number, "train")
        frames, ids = render(made, range(8), 128)
        moment = np.zeros((2, 8), dtype=bool)
        moment[0, 1 + number : 4] = True
        segment = np.ones((2, 8), dtype=bool)
        segment[:, 7] = False
        masks = np.stack([ids == 1, ids == 2])
        words = [f"the {made.objects[k].category} that jumps" for k in range(2)]
        active = masks & moment[:, :, None, None]
        indices = tuple(range(8))
        clips.append(Clip(frames, indices, tuple(words), masks, active, ids, moment, segment))
    return collate(clips)
