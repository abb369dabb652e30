"""Programs of SAM2's parts give what the parts do, for so many shapes."""

import copy

import pytest
import torch

from momentvos.propagation import DecoderOptions, both_ways, merge, run
from momentvos.sam2 import Prompt, Pyramid, compiled, encode
from momentvos.sam2.compiled import compile_parts, program
from momentvos.sam2.precision import reduce_products


@torch.inference_mode()
def tracked(sam, video, masks):
    """Logits of the objects of masks `[N,1,S,S]` on the first frame, `[T,N,h,w]`."""
    plan = merge(both_ways(range(len(video)), [0], obj_id=number) for number in range(len(masks)))

    def features(steps):
        made = encode(sam, video[steps[0].frame][None])
        return Pyramid.cat([made] * len(steps))

    def prompts(steps):
        return Prompt(mask=masks[[step.obj_id for step in steps]])

    options = DecoderOptions.of_sam2(sam.config, length=len(video))
    parts = run(sam, plan, features, prompts, options)
    return torch.cat([part.decoded.logits for part in parts])


@pytest.fixture
def masks(square):
    return torch.cat([square, square.roll(9, dims=3)])


@pytest.fixture
def uncompiled(monkeypatch):
    """Programs are the functions themselves."""
    monkeypatch.setattr(torch, "compile", lambda plain, **_: plain)
    monkeypatch.setattr(compiled, "compiler", lambda: "g++")


def test_parts_of_fixed_shape(sam, video, masks, uncompiled):
    wanted = tracked(sam, video, masks)
    fixed = copy.deepcopy(sam)
    assert compile_parts(fixed, every=True)
    assert (tracked(fixed, video, masks) - wanted).abs().max() < 1e-4
    parts = (fixed.memory_attention, fixed.mask_decoder, fixed.memory_encoder)
    made = [program for part in parts for program in compiled._PROGRAMS[part].values()]
    assert [len(one) for one in made] == [1, 2, 2]  # a given mask on the first frame, then none


def test_parts_of_fixed_shape_in_bfloat16(sam, video, masks, uncompiled):
    reduced = copy.deepcopy(sam)
    reduce_products(reduced)
    fixed = copy.deepcopy(reduced)
    assert compile_parts(fixed, every=True)
    mine, wanted = tracked(fixed, video, masks) > 0, tracked(reduced, video, masks) > 0
    assert (mine & wanted).sum() / (mine | wanted).sum() > 0.99


def test_a_processor_compiles_the_image_encoder_alone(sam, uncompiled):
    fixed = copy.deepcopy(sam)
    assert compile_parts(fixed)
    assert compiled.wanted(fixed.vision_encoder) is False  # gradients are wanted
    with torch.inference_mode():
        assert compiled.wanted(fixed.vision_encoder)
        assert not compiled.wanted(fixed.memory_attention)


def test_what_has_too_many_shapes_runs_as_it_is(sam, monkeypatch):
    ran = []
    monkeypatch.setattr(torch, "compile", lambda plain, **_: lambda x: ran.append(len(x)) or x)
    monkeypatch.setattr(compiled, "compiler", lambda: "g++")
    fixed = copy.deepcopy(sam)
    compile_parts(fixed)
    with torch.inference_mode():
        for rows in (1, 2, 3, 1, 2):
            made = program(fixed.vision_encoder, "double", lambda x: 2 * x, most=2)
            assert made(torch.ones(rows)).sum() == (2 * rows if rows == 3 else rows)
    assert ran == [1, 2, 1, 2]


@pytest.mark.slow
@pytest.mark.skipif(compiled.compiler() is None, reason="needs a C++ compiler")
def test_programs_of_all_parts(sam, video, masks):
    from torch._dynamo.utils import counters

    wanted = tracked(sam, video[:4], masks)
    made = copy.deepcopy(sam)
    assert compile_parts(made, every=True)
    counters.clear()
    assert (tracked(made, video[:4], masks) - wanted).abs().max() < 1e-4
    assert not counters["graph_break"]


@pytest.mark.gpu
def test_cuda_graphs(sam, video, masks):
    made = copy.deepcopy(sam).cuda()
    video, masks = video.cuda(), masks.cuda()
    wanted = tracked(made, video, masks)
    assert compile_parts(made)
    for _ in range(2):
        assert (tracked(made, video, masks) - wanted).abs().max() < 1e-2
