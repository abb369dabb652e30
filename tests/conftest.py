"""Before torch is loaded: one thread, which for small shapes is both faster and repeatable."""

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import pytest
import torch
from hypothesis import settings
from tests.stores import NEEDS as STORES
from tests.stores import SECRET
from tests.stores import bucket as opened_bucket
from transformers import RobertaConfig, Sam2HieraDetConfig

from momentvos.data.batch import Clip, collate
from momentvos.data.world import WORDS, render, scene
from momentvos.media.arrays import ArrayVideo
from momentvos.sam2.sizes import sam_config
from momentvos.systems.tgl.model import TglModel
from momentvos.systems.tgl.presets import SAMWISE, tgl_config
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
def tiny(build):
    """The smallest model that streams: a SAMWISE of 64 x 64 pixels with random weights.

    It answers two frames at a time; overrides are fields of its config.
    """
    hiera = Sam2HieraDetConfig(
        image_size=[64, 64],
        hidden_size=8,
        num_attention_heads=1,
        blocks_per_stage=[1, 1, 2, 1],
        embed_dim_per_stage=[8, 16, 32, 64],
        num_attention_heads_per_stage=[1, 1, 1, 1],
        window_size_per_stage=[8, 4, 4, 2],
        window_positional_embedding_background_size=[8, 8],
        global_attention_blocks=[3],
    )
    text = RobertaConfig(
        vocab_size=1024,
        hidden_size=32,
        num_hidden_layers=3,
        num_attention_heads=1,
        intermediate_size=32,
        max_position_embeddings=66,
        type_vocab_size=1,
        bos_token_id=0,
        pad_token_id=1,
        eos_token_id=2,
    )
    options = {
        "sam_config": sam_config(hiera, hidden=128, memory=64, layers=1, feed_forward=32),
        "text_config": text,
        "adapter_hsa": False,
        "adapter_dim": 16,
        "adapter_heads": 1,
        "motion_dim": 0,
        "guided_radius": 0,
        "verbs": False,
        "window": 2,
        "cme": False,
        "image_resizer": "float",
        "presence_threshold": 0.0,
    }
    return lambda **overrides: build(**SAMWISE | options | overrides)


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


@pytest.fixture(scope="session")
def browser():
    """A headless Chromium: one for all, since Playwright drives one a process."""
    playwright = pytest.importorskip(
        "playwright.sync_api", reason="playwright is not installed (the extra `dev` brings it)"
    )
    from tests.page.browser import installed

    path = installed()
    if path is None:
        pytest.skip("there is no Chromium; python tests/page/browser.py installs Debian's")
    root = hasattr(os, "geteuid") and os.geteuid() == 0
    words = ["--disable-gpu", *(["--no-sandbox"] if root else [])]
    with playwright.sync_playwright() as driver:
        made = driver.chromium.launch(executable_path=path, args=words)
        yield made
        made.close()


@pytest.fixture(scope="session", params=list(STORES))
def bucket(request, tmp_path_factory):
    """Address of a bucket of a real server; the environment has what is needed to reach it."""
    for name in STORES[request.param]:
        pytest.importorskip(name, reason=f"the server of {request.param}:// needs {name}")
    with opened_bucket(request.param, tmp_path_factory.mktemp("store") / "log") as url:
        yield url


@pytest.fixture
def secret():
    """What must not be shown of the bucket's credentials."""
    return SECRET
