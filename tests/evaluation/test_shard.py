from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from momentvos.errors import BenchmarkError
from momentvos.evaluation.shard import Shard


def test_is_read_from_text():
    assert Shard.parse("2/4") == Shard(2, 4)
    assert Shard.parse(" 1/1 ").name == "1-of-1"


@pytest.mark.parametrize("text", ["0/4", "5/4", "1", "1/0", "-1/2", "a/b", "1/2/3", "1/9999999"])
def test_other_text_is_refused(text):
    with pytest.raises(BenchmarkError, match="no shard"):
        Shard.parse(text)


def test_is_told_by_a_launcher():
    assert Shard.here({}) == Shard()
    assert Shard.here({"RANK": "0", "WORLD_SIZE": "1"}) == Shard()
    assert Shard.here({"RANK": "x", "WORLD_SIZE": "2"}) == Shard()
    here = Shard.here({"RANK": "5", "WORLD_SIZE": "8", "LOCAL_RANK": "1"})
    assert here == Shard(6, 8, True, 1)
    assert Shard.here({"OMPI_COMM_WORLD_RANK": "1", "OMPI_COMM_WORLD_SIZE": "2"}).name == "2-of-2"
    assert here.device("cpu") == "cpu" and Shard().device("auto") == "auto"


@given(
    st.lists(st.tuples(st.integers(1, 300), st.integers(1, 20)), max_size=40),
    st.integers(1, 6),
)
def test_shares_are_disjoint_whole_and_even(sizes, count):
    videos = [[SimpleNamespace(length=length)] * asked for length, asked in sizes]
    parts = [Shard(number + 1, count).share(videos) for number in range(count)]
    taken = sorted(id(group) for part in parts for group in part)
    assert taken == sorted(map(id, videos))
    loads = [sum(group[0].length * len(group) for group in part) for part in parts]
    longest = max((length * asked for length, asked in sizes), default=0)
    assert max(loads) - min(loads) <= longest
    places = {id(group): row for row, group in enumerate(videos)}
    for part in parts:
        rows = [places[id(group)] for group in part]
        assert rows == sorted(rows)
