import pytest

pytest.importorskip("fastapi", reason="the extra `web` is not installed")
from momentvos.server.problem import Problem
from momentvos.server.throttle import (
    FORGOTTEN,
    FREE_BY_NAME,
    FREE_BY_PEER,
    LONGEST,
    MOST,
    Throttle,
)


class Clock:
    time = 1000.0

    def __call__(self):
        return self.time


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def throttle(clock):
    return Throttle(clock)


def wait(throttle, name, peer):
    """Seconds that an attempt has to wait; 0: it was made."""
    try:
        throttle.begin(name, peer)
    except Problem as problem:
        assert problem.status == 429
        return problem.after
    return 0


def test_after_a_few_attempts_the_wait_of_a_name_doubles_up_to_a_bound(throttle, clock):
    peers = (f"10.0.{k // 200}.{k % 200}" for k in range(1000))
    assert [wait(throttle, "ann", next(peers)) for _ in range(FREE_BY_NAME)] == [0] * FREE_BY_NAME
    waits = []
    for _ in range(12):
        waits.append(wait(throttle, "ann", next(peers)))
        clock.time += waits[-1]
        assert wait(throttle, "ann", next(peers)) == 0
    assert waits[:4] == [1, 2, 4, 8]
    assert waits == sorted(waits)
    assert waits[-1] == LONGEST
    assert wait(throttle, "bob", next(peers)) == 0  # others are free


def test_what_is_refused_does_not_lengthen_the_wait(throttle, clock):
    for _ in range(FREE_BY_NAME):
        throttle.begin("ann", "10.0.0.1")
    assert {wait(throttle, "ann", "10.0.0.2") for _ in range(50)} == {1}


def test_a_peer_that_tries_many_names_has_to_wait(throttle, clock):
    for k in range(FREE_BY_PEER):
        assert wait(throttle, f"name{k}", "10.0.0.1") == 0
    assert wait(throttle, "another", "10.0.0.1") == 1
    assert wait(throttle, "another", "10.0.0.2") == 0


def test_addresses_of_one_network_of_ipv6_are_one_peer(throttle):
    for k in range(FREE_BY_PEER):
        throttle.begin(f"name{k}", f"2001:db8:1:2::{k + 1:x}")
    assert wait(throttle, "another", "2001:db8:1:2:ffff::1") == 1
    assert wait(throttle, "another", "2001:db8:1:3::1") == 0
    for k in range(FREE_BY_PEER):
        throttle.begin(f"other{k}", "::ffff:10.0.0.9")
    assert wait(throttle, "more", "10.0.0.9") == 1


def test_a_right_attempt_frees_the_name_and_not_the_peer(throttle):
    for _ in range(FREE_BY_NAME):
        throttle.begin("ann", "10.0.0.1")
    throttle.succeed("ann", "10.0.0.1")
    assert wait(throttle, "ann", "10.0.0.2") == 0
    for k in range(FREE_BY_PEER - FREE_BY_NAME + 1):
        assert wait(throttle, f"name{k}", "10.0.0.1") == 0
    assert wait(throttle, "another", "10.0.0.1") == 1


def test_attempts_are_forgotten_after_an_hour(throttle, clock):
    for _ in range(FREE_BY_NAME):
        throttle.begin("ann", "10.0.0.1")
    clock.time += FORGOTTEN + 1
    assert [wait(throttle, "ann", "10.0.0.1") for _ in range(FREE_BY_NAME)] == [0] * FREE_BY_NAME


def test_the_token_is_no_name(throttle):
    for _ in range(FREE_BY_NAME):
        throttle.begin(None, "10.0.0.1")
    assert wait(throttle, None, "10.0.0.1") == 1
    assert wait(throttle, "", "10.0.0.1") == 0


def test_what_is_remembered_is_bounded(throttle):
    for k in range(MOST):
        throttle.begin(f"name{k}", f"10.{k // 65536}.{k // 256 % 256}.{k % 256}")
    assert len(throttle._counts) <= MOST
