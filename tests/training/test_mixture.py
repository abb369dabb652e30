from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from momentvos.errors import RecipeError
from momentvos.training.mixture import ENDLESS, Mixture


class Numbers:
    def __init__(self, name, length):
        self.name, self.length = name, length

    def batch(self, number):
        return self.name, number


@settings(max_examples=40)
@given(
    lengths=st.lists(st.integers(1, 12), min_size=1, max_size=4),
    repeats=st.lists(st.sampled_from([0.3, 0.5, 1.0, 2.0, 2.5]), min_size=4, max_size=4),
    seed=st.integers(0, 5),
)
def test_sources_come_as_often_as_they_are_told_to(lengths, repeats, seed):
    sources = [Numbers(place, length) for place, length in enumerate(lengths)]
    mixture = Mixture(sources, repeats[: len(sources)], seed)
    batches = [mixture.batch(number) for number in range(3 * mixture.length)]
    for place, (length, repeat) in enumerate(zip(lengths, repeats, strict=False)):
        numbers = [number for name, number in batches if name == place]
        wanted = max(round(length * repeat), 1)
        assert sorted(numbers) == list(range(3 * wanted))
    shares = Counter(name for name, _ in batches[: mixture.length])
    assert dict(shares) == dict(enumerate(mixture.counts))


def test_a_batch_depends_on_seed_and_number_alone():
    def make(seed):
        return Mixture([Numbers("a", 7), Numbers("b", None)], [1.0, 0.01], seed)

    mixture = make(0)
    forth = [mixture.batch(number) for number in range(60)]
    back = [make(0).batch(number) for number in reversed(range(60))]
    assert forth == back[::-1] and forth != [make(1).batch(number) for number in range(60)]
    assert mixture.counts == (7, ENDLESS // 100)


@settings(max_examples=20)
@given(together=st.integers(1, 4), start=st.integers(0, 40))
def test_processes_side_by_side_get_the_same_source(together, start):
    mixture = Mixture([Numbers("a", 9), Numbers("b", 5)], [1.0, 2.0], together=together)
    step = [mixture.batch(start * together + beside) for beside in range(together)]
    assert len({name for name, _ in step}) == 1
    assert len({number for _, number in step}) == together
    every = [mixture.batch(number) for number in range(mixture.length)]
    assert len(set(every)) == len(every) == sum(mixture.counts) * together


def test_a_factor_must_be_positive():
    with pytest.raises(RecipeError, match="above 0"):
        Mixture([Numbers("a", 3)], [0.0])


def test_a_recipe_mixes_clips(recipe):
    from momentvos.data.options import ClipOptions, DataOptions
    from momentvos.systems.options import PartOptions
    from momentvos.training import build

    data = DataOptions(size=16)
    parts = tuple(
        PartOptions(f"of{frames}", data=data, clip=ClipOptions(frames=frames)) for frames in (2, 5)
    )
    plan = recipe()
    stage = replace(plan.stages[0], mixture=parts)
    source = build.sources(replace(plan, stages=(stage,)))(stage)
    lengths = {source.batch(number).frames.shape[1] for number in range(12)}
    assert lengths == {2, 5}
    twice = replace(stage, mixture=(parts[0], parts[0]))
    with pytest.raises(RecipeError, match="same name"):
        build.sources(replace(plan, stages=(twice,)))(twice)
