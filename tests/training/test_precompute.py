"""Precomputed batches, and TAM alone learning from them."""

from dataclasses import replace

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from safetensors.torch import load_file

from momentvos.data.options import ClipOptions, DataOptions
from momentvos.data.precomputed import Precomputed
from momentvos.errors import OutputError, RecipeError
from momentvos.systems.options import LossOptions, ModelOptions, PartOptions
from momentvos.systems.tgl.tam_inputs import clip_inputs
from momentvos.training import build
from momentvos.training.loop import train
from momentvos.training.options import (
    LoggingOptions,
    OptimiserOptions,
    Recipe,
    StageOptions,
)
from momentvos.training.order import order
from momentvos.training.precompute import BatchCache


@given(
    count=st.integers(1, 12),
    processes=st.integers(1, 3),
    cut=st.integers(0, 30),
    stop=st.integers(0, 30),
)
def test_each_batch_comes_once_a_round_and_to_one_process(
    tmp_path_factory, count, processes, cut, stop
):
    seen = []
    for rank in range(processes if processes <= count else 0):
        share = order(StageOptions("s"), rank, processes)
        cache = BatchCache(tmp_path_factory.getbasetemp(), count, 5, share)
        own = len(range(rank, count, processes))
        numbers = cache.numbers(0, 3 * own)
        for start in range(0, 3 * own, own):
            assert sorted(numbers[start : start + own]) == list(range(rank, count, processes))
        seen += numbers[:own]
        first, last = min(cut, stop), max(cut, stop)
        assert cache.numbers(0, first) + cache.numbers(first, last) == cache.numbers(0, last)
    assert sorted(seen) == list(range(count)) or count < processes


def test_a_process_without_batches_is_an_error(tmp_path):
    with pytest.raises(RecipeError, match="precompute: 1"):
        BatchCache(tmp_path, 1, 0, order(StageOptions("s"), 1, 2)).numbers(0, 3)


@given(count=st.integers(6, 20), done=st.integers(0, 5), more=st.integers(0, 5))
def test_micro_batches_come_in_one_order_with_any_number_of_processes(
    tmp_path_factory, count, done, more
):
    stage = StageOptions("s", micro_batches=6)

    def steps(processes):
        """The batches of each step, by place."""
        every = []
        for rank in range(processes):
            share = order(stage, rank, processes)
            cache = BatchCache(tmp_path_factory.getbasetemp(), count, 5, share)
            numbers = cache.numbers(done, done + more)
            assert len(numbers) == more * share.accumulate
            every.append(iter(numbers))
        return [[next(every[place % processes]) for place in range(6)] for _ in range(more)]

    assert steps(1) == steps(2) == steps(3) == steps(6)
    assert all(n % 6 == place for step in steps(2) for place, n in enumerate(step))


def test_what_is_there_is_not_made_again(tmp_path):
    cache = BatchCache(tmp_path / "cache", 3, 0)
    numbers = cache.numbers(0, 6)
    assert cache.missing(numbers) == numbers[:3]
    made = []

    def compute(batch):
        made.append(batch)
        return Precomputed({"a": torch.full((2,), float(batch)), "b": torch.tensor([True])})

    first = list(cache.series(numbers, iter(numbers[:3]), compute))
    assert made == numbers[:3] and cache.missing(numbers) == []
    assert [float(one.tensors["a"][0]) for one in first] == numbers
    assert first[0].tensors["a"].dtype == torch.float32
    assert first[0].tensors["b"].dtype == torch.bool
    again = list(cache.series(numbers, iter(()), compute))
    assert all(
        torch.equal(a.tensors["a"], b.tensors["a"]) for a, b in zip(first, again, strict=True)
    )


def test_a_damaged_file_is_named(tmp_path):
    cache = BatchCache(tmp_path, 1, 0)
    (tmp_path / "000000.safetensors").write_bytes(b"nothing")
    with pytest.raises(RecipeError, match="000000"):
        next(cache.series([0], iter(()), lambda batch: Precomputed({})))
    cache = BatchCache(tmp_path / "000000.safetensors" / "below", 1, 0)
    with pytest.raises(OutputError, match="cannot be written"):
        next(cache.series([0], iter([0]), lambda batch: Precomputed({"a": torch.zeros(1)})))


@pytest.fixture
def recipe():
    stage = StageOptions(
        "tam",
        objective="relevance",
        steps=5,
        precompute=2,
        data=DataOptions(size=128, expressions=3),
        clip=ClipOptions(sampler="window", frames=16),
        losses=LossOptions(relevance=1.0),
        optimiser=OptimiserOptions(lr=1e-3),
    )
    small = ModelOptions(preset="mini", overrides={"window": 8})
    return Recipe(small, (stage,), logging=LoggingOptions(every=1, tensorboard=False))


@pytest.mark.slow
def test_tam_alone_learns_and_resumes_to_the_same_weights(tmp_path, recipe):
    def run(folder, **options):
        model = build.model(recipe.model, recipe.seed)
        before = {name: value.clone() for name, value in model.named_parameters()}
        train(recipe, model, folder, build.sources(recipe), **options)
        return {n for n, p in model.named_parameters() if not torch.equal(p, before[n])}

    changed = run(tmp_path / "straight")
    assert {name.split(".")[0] for name in changed} == {"tam"}
    assert not (tmp_path / "straight" / "precomputed" / "tam").exists()
    run(tmp_path / "broken", limit=3)
    assert len(list((tmp_path / "broken" / "precomputed" / "tam").iterdir())) == 2
    stale = tmp_path / "anew" / "precomputed" / "tam" / "000000.safetensors"
    stale.parent.mkdir(parents=True)
    stale.write_bytes(b"of other weights")
    run(tmp_path / "anew", limit=1)
    run(tmp_path / "broken")
    one, other = (
        load_file(tmp_path / name / "last" / "training.safetensors")
        for name in ("straight", "broken")
    )
    assert all(torch.equal(one[name], other[name]) for name in one)


def test_precomputed_inputs_are_those_of_tam_in_a_clip(recipe):
    """In one window the inputs of a clip give the logits of the whole model."""
    model = build.model(replace(recipe.model, overrides={"window": 16}))
    batch = build.sources(recipe)(recipe.stages[0]).batch(0)
    with torch.no_grad():
        frames = clip_inputs(model.eval(), batch).scores(model)
        whole = model.train()(batch)
    torch.testing.assert_close(frames, whole.relevance, atol=1e-4, rtol=1e-3)


def test_windows_are_adapted_apart_and_scored_together(recipe):
    model = build.model(recipe.model).eval()
    batch = build.sources(recipe)(recipe.stages[0]).batch(0)
    half = replace(
        batch,
        frames=batch.frames[:, :8],
        objects=batch.objects[:, :8],
        moment=batch.moment[:, :8],
    )
    whole, part = clip_inputs(model, batch), clip_inputs(model, half)
    torch.testing.assert_close(whole.match[:, :8], part.match, atol=1e-4, rtol=1e-3)
    assert not torch.allclose(whole.scores(model)[:, :8], part.scores(model))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"objective": "clip"}, "`precompute`"),
        (
            {"precompute": None, "mixture": (PartOptions("a", objective="relevance"),)},
            "'a' has the objective",
        ),
    ],
)
def test_only_tam_alone_is_precomputed(tmp_path, recipe, change, message):
    wrong = replace(recipe, stages=(replace(recipe.stages[0], **change),))
    with pytest.raises(RecipeError, match=message):
        train(wrong, build.model(recipe.model), tmp_path, build.sources(wrong))


def test_without_tam_there_is_nothing_to_learn(tmp_path, recipe):
    blind = replace(recipe.model, overrides={"tam_layers": 0})
    with pytest.raises(RecipeError, match="TAM"):
        train(recipe, build.model(blind), tmp_path, build.sources(recipe))


def test_a_batch_is_not_written_through_a_link(tmp_path):
    (tmp_path / "cache").mkdir()
    (tmp_path / "other").write_text("kept")
    (tmp_path / "cache/000000.new").symlink_to(tmp_path / "other")
    cache = BatchCache(tmp_path / "cache", 1, 0)
    with pytest.raises(OutputError, match="leads out"):
        next(cache.series([0], iter("x"), lambda batch: Precomputed({"a": torch.ones(1)})))
    assert (tmp_path / "other").read_text() == "kept"
