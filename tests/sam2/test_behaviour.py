"""What the four functions promise beyond equality with SAM2."""

import copy

import pytest
import torch

from momentvos.sam2 import (
    CERTAIN_SCORE,
    NO_OBJECT_SCORE,
    Prompt,
    Pyramid,
    attend,
    decode,
    decode_mask,
    encode,
    pyramid,
    remember,
    stage,
    stem,
)


def _answer(sam, pixels, memories, slots, pointers, offsets, tokens):
    """One whole step for every row: encode, attend, decode by text, remember."""
    frames = encode(sam, pixels)
    attended = attend(sam, frames.top, memories, slots, pointers, offsets)
    decoded = decode(sam, frames.with_top(attended), Prompt(tokens=tokens), early=True)
    memory = remember(sam, frames.top, decoded.logits, decoded.score)
    return [
        *frames.levels,
        attended,
        decoded.logits,
        decoded.iou,
        decoded.token,
        decoded.pointer,
        decoded.score,
        decoded.early_pointer,
        memory,
    ]


@pytest.fixture
def inputs(sam, video):
    """Arguments of `_answer` for 4 rows with 3 memories, 5 pointers and 2 text tokens each."""
    generator = torch.Generator().manual_seed(2)
    side = sam.config.image_size // 16
    width, depth = sam.hidden_dim, sam.mem_dim

    def noise(*shape):
        return torch.randn(shape, generator=generator)

    return {
        "pixels": video[:4],
        "memories": noise(4, 3, depth, side, side),
        "slots": torch.tensor([[0, 1, 2], [0, 1, -1], [5, 4, 3], [0, 0, 6]]),
        "pointers": noise(4, 5, width),
        "offsets": torch.rand(4, 5, generator=generator),
        "tokens": noise(4, 2, width),
    }


@torch.no_grad()
def test_a_batch_equals_its_rows_one_by_one(sam, inputs):
    together = _answer(sam, **inputs)
    for n in range(4):
        alone = _answer(sam, **{name: value[n : n + 1] for name, value in inputs.items()})
        for batched, single in zip(together, alone, strict=True):
            torch.testing.assert_close(batched[n : n + 1], single, atol=1e-4, rtol=1e-4)


@torch.no_grad()
def test_expressions_share_encoded_frames(sam, inputs):
    frames = encode(sam, inputs["pixels"][:2])
    rows = torch.tensor([1, 0, 1])
    tokens = inputs["tokens"][:3]
    shared = frames.select(rows)
    assert len(shared) == 3
    ours = decode(sam, shared.with_top(attend(sam, shared.top)), Prompt(tokens=tokens))
    again = encode(sam, inputs["pixels"][rows])
    other = decode(sam, again.with_top(attend(sam, again.top)), Prompt(tokens=tokens))
    torch.testing.assert_close(ours.logits, other.logits, atol=1e-4, rtol=1e-4)
    assert not torch.allclose(ours.logits[0], ours.logits[2])


@torch.no_grad()
def test_stages_can_be_walked_by_hand(sam, video):
    x, outputs = stem(sam, video[:2]), []
    for k in range(4):
        x = stage(sam, k, x)
        outputs.append(x)
    side = sam.config.image_size // 4
    assert [o.shape[1] for o in outputs] == [side, side // 2, side // 4, side // 8]
    for walked, whole in zip(
        pyramid(sam, outputs).levels, encode(sam, video[:2]).levels, strict=True
    ):
        assert torch.equal(walked, whole)


def test_gradients_reach_an_earlier_frame(sam, video, inputs):
    frames = encode(sam, video[:2])
    levels = tuple(level.detach().requires_grad_() for level in frames.levels)
    now, before = (Pyramid(levels).select(torch.tensor([t])) for t in (1, 0))
    tokens = inputs["tokens"][:1].clone().requires_grad_()
    first = decode(sam, before.with_top(attend(sam, before.top)), Prompt(tokens=tokens), gate=False)
    memory = remember(sam, before.top, first.logits, first.score)
    attended = attend(
        sam, now.top, memory[:, None], torch.tensor([[0]]), first.pointer[:, None], None
    )
    decode(sam, now.with_top(attended), Prompt(), gate=False).logits.square().mean().backward()
    for level in levels:
        assert level.grad is not None
        assert (level.grad.flatten(1).abs().amax(dim=1) > 0).all()
    assert tokens.grad.abs().amax() > 0
    assert sam.memory_encoder.projection.weight.grad.abs().amax() > 0
    sam.zero_grad(set_to_none=True)


@torch.no_grad()
def test_reading_nothing_adds_the_no_memory_embedding(sam, video):
    top = encode(sam, video[:2]).top
    expected = top + sam.no_memory_embedding.view(1, -1, 1, 1)
    empty = top.new_zeros(2, 0, sam.mem_dim, *top.shape[-2:])
    slots = torch.zeros(2, 0, dtype=torch.int64)
    assert torch.equal(attend(sam, top), expected)
    assert torch.equal(attend(sam, top, empty, slots, top.new_zeros(2, 0, top.shape[1])), expected)


@torch.no_grad()
def test_order_of_memories_does_not_matter_but_their_slots_do(sam, inputs):
    top = encode(sam, inputs["pixels"]).top
    memories, slots = inputs["memories"], inputs["slots"]
    turned = torch.tensor([2, 0, 1])
    here = attend(sam, top, memories, slots)
    torch.testing.assert_close(
        here, attend(sam, top, memories[:, turned], slots[:, turned]), atol=1e-4, rtol=1e-4
    )
    assert not torch.allclose(here, attend(sam, top, memories, slots.roll(1, 1)), atol=1e-3)


@torch.no_grad()
def test_pointers_alone_can_be_read(sam, inputs):
    top = encode(sam, inputs["pixels"]).top
    far = attend(sam, top, pointers=inputs["pointers"], offsets=inputs["offsets"])
    near = attend(sam, top, pointers=inputs["pointers"])
    projected = sam.config.enable_temporal_pos_encoding_for_object_pointers
    assert far.shape == top.shape
    assert torch.equal(far, near) != projected


@torch.no_grad()
def test_narrow_memories_can_be_read(narrow):
    top = torch.randn(2, 128, 4, 4)
    memories = remember(narrow, top, torch.randn(2, 16, 16), torch.ones(2))
    assert memories.shape == (2, 32, 4, 4)
    slots = torch.zeros(2, 1, dtype=torch.int64)
    here = attend(narrow, top, memories[:, None], slots, top.new_ones(2, 3, 128))
    there = attend(narrow, top, memories.flip(0)[:, None], slots, top.new_ones(2, 3, 128))
    assert here.shape == top.shape
    assert not torch.allclose(here, there, atol=1e-3)


def test_memories_need_slots(sam, inputs):
    top = torch.zeros(4, sam.hidden_dim, *inputs["memories"].shape[-2:])
    with pytest.raises(ValueError, match="slots"):
        attend(sam, top, inputs["memories"])


@pytest.fixture
def blind(sam):
    """The same model, sure that there is no object."""
    twin = copy.deepcopy(sam)
    twin.mask_decoder.pred_obj_score_head.proj_out.bias.data -= 1000
    return twin


@torch.no_grad()
def test_object_score_gates_mask_and_pointer(sam, blind, video):
    frames = encode(sam, video[:2])
    seen = decode(sam, frames, Prompt(), gate=True)
    free = decode(blind, frames, Prompt(), gate=False, mix_pointer=False)
    shut = decode(blind, frames, Prompt(), gate=True)
    assert (seen.score > 0).all()
    assert (shut.score < 0).all()
    assert torch.equal(free.logits, seen.logits)
    assert torch.equal(free.pointer, seen.pointer)
    assert (shut.logits == NO_OBJECT_SCORE).all()
    assert torch.equal(shut.pointer, blind.no_object_pointer.expand(2, -1))


@torch.no_grad()
def test_training_and_evaluation_choose_the_same_mask(sam, video):
    frames = encode(sam, video[:2])
    twin = copy.deepcopy(sam).train()
    assert torch.equal(decode(sam, frames, Prompt()).logits, decode(twin, frames, Prompt()).logits)


@torch.no_grad()
def test_a_decoder_without_object_score_never_reads_its_token(sam, video):
    frames = encode(sam, video[:2])
    twin = copy.deepcopy(sam)
    twin.mask_decoder.obj_score_token.weight.normal_()
    ours = decode(sam, frames, Prompt(), scored=False, early=True)
    theirs = decode(twin, frames, Prompt(), scored=False, early=True)
    for part in ("logits", "iou", "pointer", "early_pointer", "score"):
        assert torch.equal(getattr(ours, part), getattr(theirs, part))
    assert (ours.score == CERTAIN_SCORE).all()
    scored = decode(sam, frames, Prompt(), early=True)
    assert not torch.allclose(ours.logits, scored.logits)
    assert ours.early_pointer.shape == scored.early_pointer.shape


@torch.no_grad()
def test_early_pointer_and_size_on_request(sam, video):
    frames = encode(sam, video[:2])
    plain = decode(sam, frames, Prompt())
    asked = decode(sam, frames, Prompt(), early=True, size=(30, 50))
    assert plain.early_pointer is None
    assert asked.early_pointer.shape == asked.token.shape
    assert not torch.allclose(asked.early_pointer, asked.token)
    assert asked.logits.shape == (2, 30, 50)


@torch.no_grad()
def test_given_masks_are_decoded_as_a_batch(sam, video, square):
    masks = torch.cat([square, square * 0, square.flip(-1)]).bool()
    frames = encode(sam, video[:3])
    together = decode_mask(sam, frames, masks)
    assert together.score.tolist() == [10.0, -10.0, 10.0]
    for n in range(3):
        alone = decode_mask(sam, frames.select(torch.tensor([n])), masks[n : n + 1])
        torch.testing.assert_close(together.pointer[n : n + 1], alone.pointer, atol=1e-4, rtol=1e-4)


@torch.no_grad()
def test_double_precision_goes_through(sam, inputs):
    twin = copy.deepcopy(sam).double()
    doubled = {name: v.double() if v.is_floating_point() else v for name, v in inputs.items()}
    assert {out.dtype for out in _answer(twin, **doubled)} == {torch.float64}


@torch.no_grad()
def test_half_precision_model_goes_through(sam, inputs):
    twin = copy.deepcopy(sam).bfloat16()
    halved = {name: v.bfloat16() if v.is_floating_point() else v for name, v in inputs.items()}
    outputs = _answer(twin, **halved)
    assert {out.dtype for out in outputs} == {torch.bfloat16}
    assert all(out.isfinite().all() for out in outputs)


def test_autocast_trains(sam, inputs):
    exact = _answer(sam, **inputs)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        outputs = _answer(sam, **inputs)
    sum(out.float().square().mean() for out in outputs).backward()
    for out, reference in zip(outputs, exact, strict=True):
        error = (out.float() - reference).square().mean()
        assert error < 0.05 * reference.square().mean()
    sam.zero_grad(set_to_none=True)


def test_training_after_inference_mode(sam, inputs):
    """transformers keeps positional encodings between calls; those of inference must not hurt."""
    with torch.inference_mode():
        _answer(sam, **inputs)
    sum(out.square().mean() for out in _answer(sam, **inputs)).backward()
    assert sam.memory_temporal_positional_encoding.grad.abs().amax() > 0
    sam.zero_grad(set_to_none=True)
