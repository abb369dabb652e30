"""A batch on paper: cases that a person can compute, and what holds of every batch."""

from dataclasses import replace
from math import ceil, inf

import pytest
from hypothesis import given
from hypothesis import strategies as st

from momentvos.batch import simulation
from momentvos.batch.cost import Cost, Rates
from momentvos.batch.simulation import Cluster, room, simulate

SECONDS = st.sampled_from([0.0, 0.1, 0.5, 1.0, 3.0])
COSTS = st.builds(
    Cost,
    load=SECONDS,
    fetched=SECONDS,
    written=SECONDS,
    decode=SECONDS,
    model=SECONDS.map(lambda value: value + 0.25),
    record=SECONDS,
    conclude=SECONDS,
)
SPEEDS = st.sampled_from([0.5, 1.0, 4.0, inf])


def cycle(cost, cluster):
    """Seconds of a clip that shares nothing."""
    moved = (cost.fetched + cost.written) / min(cluster.store, cluster.network)
    return moved + cost.decode + cost.model + cost.record


def test_a_clip_costs_its_frames_and_sentences():
    rates = Rates(5.0, 100.0, 30.0, 0.01, 0.5, 0.1, 0.002, 0.001)
    cost = rates.clip(frames=10, sentences=3)
    assert cost.load == 5.0 and cost.fetched == 1000 and cost.written == 90
    assert cost.decode == pytest.approx(0.1) and cost.model == pytest.approx(7.0)
    assert cost.record == pytest.approx(0.006) and cost.conclude == pytest.approx(0.003)


def test_one_worker_does_one_thing_after_the_other():
    cost = Cost(load=5, fetched=20, written=10, decode=1, model=4, record=0.5, conclude=0.25)
    made = simulate(cost, 10, Cluster(store=10.0))
    assert made.start == 5 and made.end == 2.5
    assert made.seconds == pytest.approx(5 + 10 * (2 + 1 + 4 + 1 + 0.5) + 2.5)
    assert made.busy["workers"] == pytest.approx(4 / 8.5)
    assert made.busy["store"] == pytest.approx(3 / 8.5) and made.limit == "workers"


def test_two_workers_wait_for_a_store():
    """A fetches 0-1, computes 1-2, fetches 2-3; B waits a second, and is one behind ever after."""
    made = simulate(Cost(fetched=1, model=1), 4, Cluster(2, 1, store=1.0))
    assert made.seconds == pytest.approx(5) and made.busy["store"] == pytest.approx(4 / 5)
    long = simulate(Cost(fetched=1, model=1), 1000, Cluster(8, 1, store=1.0))
    assert long.seconds == pytest.approx(1001) and long.limit == "store"


def test_three_workers_wait_for_the_driver():
    """Written 1-2, 2-3, 3-4; what is then computed is written 4-5, 5-6, 6-7."""
    made = simulate(Cost(model=1, record=1), 6, Cluster(3, 3))
    assert made.seconds == pytest.approx(7) and made.limit == "workers"
    assert made.busy["driver"] == pytest.approx(6 / 7)
    assert simulate(Cost(model=1, record=1), 600, Cluster(3, 3)).limit == "driver"


def test_two_processes_on_one_core():
    """Loaded by 2 and 4; the first clip waits until 4, the second until 7."""
    made = simulate(Cost(load=2, model=3), 2, Cluster(2, 2, cores=1, on_cores=True))
    assert made.start == 2 and made.seconds == pytest.approx(10)
    two = simulate(Cost(load=2, model=3), 2, Cluster(2, 2, cores=2, on_cores=True))
    assert two.seconds == pytest.approx(5)


def test_decoding_on_too_few_cores():
    cost = Cost(decode=1, model=1)
    made = simulate(cost, 800, Cluster(8, 8, cores=2))
    assert made.seconds == pytest.approx(400, rel=0.01) and made.limit == "cores"
    assert simulate(cost, 800, Cluster(8, 4, cores=2)).seconds == pytest.approx(200, rel=0.01)


def test_the_network_of_each_machine_and_the_store_of_all():
    cost = Cost(fetched=10, model=1)
    own = simulate(cost, 400, Cluster(8, 4, network=10.0))
    assert own.seconds == pytest.approx(200, rel=0.02) and own.limit == "network"
    all_of_it = simulate(cost, 400, Cluster(8, 4, network=10.0, store=5.0))
    assert all_of_it.seconds == pytest.approx(800, rel=0.02) and all_of_it.limit == "store"


def test_what_takes_longer_than_the_clips():
    assert simulate(Cost(load=60, model=1), 100, Cluster(100)).limit == "start"
    assert simulate(Cost(model=1, conclude=1), 100, Cluster(10)).limit == "end"
    assert simulate(Cost(model=1), 5, Cluster(10)).limit == "clips"


def test_where_something_is_wholly_in_use():
    rooms = room(Cost(fetched=10, model=4, record=0.5), Cluster(store=20.0))
    assert rooms == {"driver": pytest.approx(10), "store": pytest.approx(10)}
    assert room(Cost(model=4), Cluster())["driver"] == inf


@given(COSTS, st.integers(1, 60), st.integers(1, 9), SPEEDS, SPEEDS)
def test_more_machines_are_never_slower(cost, clips, workers, store, network):
    cluster = Cluster(workers, 1, store=store, network=network)
    few = simulate(cost, clips, cluster)
    many = simulate(cost, clips, replace(cluster, workers=workers + 1))
    assert many.seconds <= few.seconds + 1e-9


@given(COSTS, st.integers(1, 60), st.integers(1, 9), st.integers(1, 4), SPEEDS, SPEEDS)
def test_no_faster_than_each_thing_and_no_slower_than_one_worker(
    cost, clips, workers, per_machine, store, network
):
    cluster = Cluster(workers, per_machine, per_machine, store=store, network=network)
    made = simulate(cost, clips, cluster)
    between = made.seconds - made.start - made.end
    assert made.start == cost.load and made.end == pytest.approx(clips * cost.conclude)
    moved = cost.fetched + cost.written
    least = max(
        ceil(clips / workers) * cycle(cost, cluster), clips * moved / store, clips * cost.record
    )
    assert least <= between + 1e-9
    assert between <= clips * cycle(cost, cluster) + 1e-9


@given(COSTS, st.integers(1, 60), st.integers(1, 9), st.integers(1, 4), SPEEDS, SPEEDS)
def test_all_work_is_done_once(cost, clips, workers, per_machine, store, network):
    cluster = Cluster(workers, per_machine, per_machine, store=store, network=network)
    made = simulate(cost, clips, cluster)
    between, machines = made.seconds - made.start - made.end, ceil(workers / per_machine)
    work = {
        "workers": (cost.model, workers),
        "cores": (cost.decode, machines * per_machine),
        "network": ((cost.fetched + cost.written) / network, machines),
        "store": ((cost.fetched + cost.written) / store, 1),
        "driver": (cost.record, 1),
    }
    for name, (seconds, count) in work.items():
        assert made.busy[name] * between * count == pytest.approx(clips * seconds), name
        assert made.busy[name] <= 1 + 1e-9


@given(COSTS, st.integers(900, 1000), st.integers(1, 7), SPEEDS)
def test_a_long_batch_goes_on_as_it_went(cost, clips, workers, store):
    cluster = Cluster(workers, 2, 2, store=store)
    whole = simulate(cost, clips, cluster)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(simulation, "FEWEST", 100)
        part = simulate(cost, clips, cluster)
    assert part.seconds == pytest.approx(whole.seconds, rel=0.01)
    for name, share in whole.busy.items():
        assert part.busy[name] == pytest.approx(share, abs=0.01)
