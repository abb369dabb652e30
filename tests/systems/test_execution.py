"""How a loaded model computes: size of frames, number formats, compiled parts."""

import numpy as np
import pytest
import torch

import momentvos
from momentvos.data.world import render, scene
from momentvos.errors import ArgumentError
from momentvos.media.arrays import ArrayVideo
from momentvos.sam2 import compiled
from momentvos.sam2.precision import large_products
from momentvos.systems.execution import Execution


@pytest.fixture(scope="module")
def made():
    return scene(3, "test")


@pytest.fixture(scope="module")
def clip(made):
    frames, _ = render(made, range(10), 128)
    return ArrayVideo(np.ascontiguousarray(frames), made.fps)


def _masks(clip, sentence, **how):
    model = momentvos.load("tgl-mini", device="cpu", **how)
    return model.segment(clip, sentence, "all", selection=False).array()


@pytest.fixture(scope="module")
def sentence(made):
    return f"the {made.objects[0].category}"


@pytest.fixture(scope="module")
def plain(clip, sentence):
    masks = _masks(clip, sentence)
    assert masks.mean() > 0.01
    return masks


def _iou(a, b):
    return (a & b).sum() / (a | b).sum()


def test_masks_in_bfloat16_are_those_in_float32(clip, sentence, plain):
    assert _iou(_masks(clip, sentence, dtype="bfloat16"), plain) >= 0.99


@pytest.mark.parametrize("name", ["tgl-mini", "momentseg-mini", "vrshq-mini"])
def test_every_system_works_at_another_size(name, clip, sentence):
    assert momentvos.load(name, device="cpu").resolution == 192
    model = momentvos.load(name, device="cpu", resolution=128)
    assert model.resolution == 128 and model.config.image_size == 128
    prediction = model.segment(clip, sentence, "0:1")
    assert prediction.array().shape == (10, 128, 128)


@pytest.mark.parametrize("size", [256, 96])
def test_a_size_and_back_is_no_change_of_what_has_no_places(size):
    model = momentvos.load("tgl-mini", device="cpu")
    assert model.resolution == 192 and model.resolution_step == 32
    before = {name: one.clone() for name, one in model.state_dict().items()}
    model.set_resolution(size)
    model.set_resolution(192)
    for name, one in model.state_dict().items():
        if not name.endswith("spatial_pos_embed"):
            assert torch.equal(one, before[name]), name


@pytest.mark.parametrize(
    ("how", "message"),
    [
        ({"resolution": 200}, "multiples of 32 pixels, so not at 200; try 192"),
        ({"resolution": 16}, "try 32"),
        ({"resolution": 0}, "whole number of pixels"),
        ({"resolution": 1 << 20}, "whole number of pixels"),
        ({"resolution": True}, "whole number of pixels"),
        ({"resolution": 128.0}, "whole number of pixels"),
        ({"dtype": "float16"}, "`dtype` is float32 or bfloat16, not 'float16'"),
        ({"compile": "yes"}, "`compile` is True or False"),
    ],
)
def test_what_cannot_be_is_said(how, message):
    with pytest.raises(ArgumentError, match=message):
        momentvos.load("tgl-mini", device="cpu", **how)


def test_only_large_products_are_reduced():
    model = momentvos.load("tgl-mini", device="cpu", dtype="bfloat16")
    reduced = {id(one.weight) for one in large_products(model.sam)}
    for name, parameter in model.named_parameters():
        layer = model.get_submodule(name.rpartition(".")[0])
        small = id(getattr(layer, "weight", None)) not in reduced
        assert parameter.dtype == (torch.float32 if small else torch.bfloat16), name


def test_without_a_compiler_nothing_is_compiled(clip, sentence, plain, monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CXX", raising=False)
    assert compiled.compiler() is None
    with pytest.warns(RuntimeWarning, match="no C\\+\\+ compiler"):
        masks = _masks(clip, sentence, compile=True)
    assert np.array_equal(masks, plain)


def test_a_processor_without_bfloat16_is_told(monkeypatch):
    for name in ("_is_avx512_bf16_supported", "_is_amx_tile_supported"):
        monkeypatch.setattr(torch.cpu, name, lambda: False, raising=False)
    monkeypatch.setattr("platform.machine", lambda: "x86_64")
    with pytest.warns(RuntimeWarning, match="float32 is faster here"):
        momentvos.load("tgl-mini", device="cpu", dtype="bfloat16")


@pytest.mark.slow
@pytest.mark.skipif(compiled.compiler() is None, reason="needs a C++ compiler")
@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_masks_of_compiled_parts(clip, sentence, plain, dtype):
    assert _iou(_masks(clip, sentence, dtype=dtype, compile=True), plain) >= 0.99


def test_in_words():
    assert str(Execution()) == "float32"
    assert str(Execution(256, "bfloat16", compile=True)) == "bfloat16 at 256 pixels, compiled"
