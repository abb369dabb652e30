"""What a step may read: none, few, or every r-th memory; against references written here."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from transformers import Sam2VideoConfig

from momentvos.propagation import Bank, DecoderOptions, Plan, Read, Step, both_ways, run
from momentvos.propagation.bank import Index
from momentvos.propagation.lifetime import lifetimes
from momentvos.sam2 import Prompt, attend, decode, remember


def test_zero_pointers_are_none_at_all_conditioning_ones_included():
    index = Index()
    for frame in range(4):
        index.add(frame, conditioning=frame < 2)
    chosen = index.select(4, Read(pointers=0), 7)
    assert (chosen.frames, chosen.pointers, chosen.offsets) == ((1, 0, 3, 2), (), ())
    assert index.select(4, Read(pointers=1), 7).pointers == (1,)
    assert index.select(4, Read(pointers=3), 7).pointers == (1, 0, 3)
    assert index.select(4, Read(pointers=None), 7).pointers == (1, 0, 3, 2)
    none = index.select(4, Read(frames=0, pointers=0, conditioning=0), 7)
    assert none == index.select(4, None, 7)
    assert index.select(4, Read(frames=0, conditioning=0), 7).pointers == (3, 2)


def test_a_model_with_one_temporal_row_has_none_for_recent_memories():
    index = Index()
    index.add(0, conditioning=True)
    index.add(1, conditioning=False)
    chosen = index.select(2, Read(), 1)
    assert (chosen.frames, chosen.slots) == ((0,), (0,))


@torch.no_grad()
@pytest.mark.parametrize("anchored", [False, True])
@pytest.mark.parametrize(("count", "pointers"), [(6, 0), (0, 15), (0, None), (0, 0), (1, 1)])
def test_reads_of_none_equal_a_loop_written_by_hand(
    sam, features, tokens, anchored, count, pointers
):
    read = Read(count, pointers=pointers)
    writes = ["conditioning" if anchored and not t else "recent" for t in range(4)]
    stages = [
        (Step(t, prompt="tokens", read=read if t else None, write=writes[t]),) for t in range(4)
    ]

    def source(steps):
        return features.select(torch.tensor([step.frame for step in steps]))

    done = run(
        sam,
        Plan(tuple(stages)),
        source,
        lambda steps: Prompt(tokens=tokens[:1]),
        DecoderOptions(gate=False),
    )
    memories, told = [], []
    for t, part in enumerate(done):
        row = features.select(torch.tensor([t]))
        sure = [0] if anchored and t else []
        recent = [k for k in reversed(range(t)) if k not in sure]
        seen = sure + recent[:count]
        spoken = (sure + recent)[:pointers]
        slots = torch.tensor([[6] * len(sure) + list(range(len(seen) - len(sure)))])
        top = attend(
            sam,
            row.top,
            torch.stack([memories[k] for k in seen], 1) if seen else None,
            slots if seen else None,
            torch.stack([told[k] for k in spoken], 1) if spoken else None,
        )
        decoded = decode(sam, row.with_top(top), Prompt(tokens=tokens[:1]), gate=False)
        torch.testing.assert_close(part.decoded.logits, decoded.logits, atol=1e-5, rtol=1e-4)
        assert part.decoded.logits.isfinite().all()
        memories.append(remember(sam, row.top, decoded.logits, decoded.score))
        told.append(decoded.pointer)


@torch.no_grad()
@pytest.mark.parametrize("most", [0, 1, 2, 16])
def test_any_number_of_pointers_in_the_models_config_gives_finite_masks(
    sam, features, tokens, most, monkeypatch
):
    monkeypatch.setattr(sam.config, "max_object_pointers_in_encoder", most)
    options = DecoderOptions(gate=False, pointer_offsets=True)

    def source(steps):
        return features.select(torch.tensor([step.frame for step in steps]))

    plan = both_ways(range(4), [1], given="tokens")
    for part in run(sam, plan, source, lambda steps: Prompt(tokens=tokens[:1]), options):
        assert part.decoded.logits.isfinite().all()


def test_pointers_distances_are_divided_as_sam2_does():
    assert DecoderOptions().pointer_span(16) == 15
    spans = [DecoderOptions(length=length).pointer_span(16) for length in (1, 2, 6, 16, 99)]
    assert spans == [1, 1, 5, 15, 15]
    assert DecoderOptions.of_sam2(Sam2VideoConfig(), 6).pointer_span(16) == 5


def sam2_memories(frame, written, stride, count, reverse):
    """{frame: row of the temporal encoding}, from Meta's `_prepare_memory_conditioned_features`."""
    rows = {}
    for t_rel in range(1, count + 1):
        if t_rel == 1:
            other = frame + 1 if reverse else frame - 1
        elif not reverse:
            other = ((frame - 2) // stride) * stride - (t_rel - 2) * stride
        else:
            other = -(-(frame + 2) // stride) * stride + (t_rel - 2) * stride
        if other in written:
            rows[other] = t_rel - 1
    return rows


@given(
    st.sets(st.integers(0, 70), max_size=60),
    st.integers(0, 70),
    st.integers(1, 9),
    st.integers(0, 6),
    st.booleans(),
)
def test_strided_memories_are_those_of_sam2(written, frame, stride, count, reverse):
    index = Index()
    for other in written - {frame}:
        index.add(other, conditioning=False)
    read = Read(
        count,
        "next" if reverse else "previous",
        slots="distance",
        reach=count if stride == 1 else None,
        stride=stride,
    )
    chosen = index.select(frame, read, 7)
    wanted = sam2_memories(frame, written - {frame}, stride, count, reverse)
    assert dict(zip(chosen.frames, chosen.slots, strict=True)) == wanted
    assert chosen.frames == tuple(sorted(wanted, key=lambda other: abs(other - frame)))


@given(st.integers(1, 80), st.data(), st.integers(1, 7), st.booleans())
def test_a_strided_plan_reads_what_sam2_does_and_frees_nothing_too_early(
    length, data, stride, clearing
):
    anchor = data.draw(st.integers(0, length - 1))
    plan = both_ways(range(length), [anchor], stride=stride)
    plan = Plan(plan.stages, (lambda: None) if clearing else None)
    bank, freed, cleared = Bank(), set(), set()
    for (step,), expired in zip(plan.stages, lifetimes(plan, 7), strict=True):
        chosen = bank.select(step)
        assert not {(frame, False) for frame in chosen.frames} & freed
        assert not {(frame, True) for frame in chosen.pointers} & freed
        if step.read is not None:
            reverse = step.frame < anchor
            side = range(step.frame + 1, anchor) if reverse else range(anchor + 1, step.frame)
            rows = sam2_memories(step.frame, {*side} - cleared, stride, 6, reverse)
            assert dict(zip(chosen.frames, chosen.slots, strict=True)) == rows | {anchor: 6}
        if clearing and data.draw(st.booleans()):
            frames = data.draw(st.sets(st.integers(0, length)))
            bank.clear(step.obj_id, frames)
            cleared |= {frame for frame in frames if frame != anchor}
        bank.write(step, torch.zeros(1, 1, 1), torch.zeros(1))
        cleared.discard(step.frame)
        freed |= {(entry.frame, entry.pointer) for entry in expired}
        for entry in expired:
            bank.forget(entry.obj_id, entry.frame, pointer=entry.pointer)
    assert len(bank) == 0


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"frames": -1}, "Read.frames must not be negative"),
        ({"pointers": -1}, "Read.pointers must not be negative"),
        ({"conditioning": -2}, "Read.conditioning must not be negative"),
        ({"stride": 0}, "Read.stride must be 1 or more"),
        ({"stride": 2, "order": "nearest"}, "needs a direction"),
    ],
)
def test_a_read_that_makes_no_sense_is_an_error(fields, sentence):
    with pytest.raises(ValueError, match=sentence):
        Read(**fields)


@torch.no_grad()
@pytest.mark.parametrize(
    ("kind", "prompt", "sentence"),
    [
        ("mask", Prompt(tokens=torch.zeros(1, 1, 64)), r'prompted by "mask" needs Prompt\(mask='),
        ("tokens", Prompt(), r'prompted by "tokens" needs Prompt\(tokens='),
        ("box", Prompt(tokens=torch.zeros(1, 1, 64)), r"needs Prompt\(boxes="),
        (
            "box",
            Prompt(
                boxes=torch.zeros(1, 4),
                points=torch.zeros(1, 1, 2),
                labels=torch.zeros(1, 1, dtype=torch.int64),
            ),
            'is of kind "points"',
        ),
        ("tokens", Prompt(tokens=torch.zeros(3, 1, 64)), "1 steps were given a prompt of 3 rows"),
    ],
)
def test_a_prompt_of_another_kind_or_number_is_an_error(sam, features, kind, prompt, sentence):
    plan = Plan(((Step(0, prompt=kind),),))
    row = features.select(torch.tensor([0]))
    with pytest.raises(ValueError, match=sentence):
        list(run(sam, plan, lambda _: row, lambda _: prompt))
