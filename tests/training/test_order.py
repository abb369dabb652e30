import pytest
from hypothesis import given
from hypothesis import strategies as st

from momentvos.errors import RecipeError
from momentvos.training.options import StageOptions
from momentvos.training.order import order


@given(
    each=st.integers(1, 5),
    processes=st.integers(1, 9),
    done=st.integers(0, 4),
    more=st.integers(1, 3),
)
def test_every_step_has_the_same_micro_batches_with_any_number_of_processes(
    each, processes, done, more
):
    stage = StageOptions("s", micro_batches=each * processes)
    alone = list(order(stage).numbers(done, done + more))
    shared = [order(stage, rank, processes) for rank in range(processes)]
    assert sorted(n for one in shared for n in one.numbers(done, done + more)) == alone
    for one in shared:
        assert one.accumulate == len(one.places) == each
        assert [n % one.size for n in one.numbers(done, done + 1)] == list(one.places)
    assert {one.beside for one in shared} == {each * processes}


def test_accumulated_micro_batches_are_those_of_each_process():
    one = order(StageOptions("s", accumulate=3), 1, 2)
    assert (one.size, one.accumulate, list(one.places)) == (6, 3, [1, 3, 5])
    assert list(one.numbers(2, 3)) == [13, 15, 17]


def test_processes_that_cannot_share_evenly_are_an_error():
    with pytest.raises(RecipeError, match="micro_batches: 4, which 3 processes"):
        order(StageOptions("s", micro_batches=4), 0, 3)
    with pytest.raises(RecipeError, match="both `micro_batches` and `accumulate`"):
        order(StageOptions("s", micro_batches=4, accumulate=2))
