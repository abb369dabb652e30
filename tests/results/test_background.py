"""Calls in another thread keep their order, and their errors come back."""

import threading

import pytest

from momentvos.results.background import in_background


def test_calls_run_in_order_in_one_other_thread():
    seen, threads = [], set()

    def note(value):
        seen.append(value)
        threads.add(threading.get_ident())

    with in_background(note) as call:
        for value in range(50):
            call(value)
    assert seen == list(range(50))
    assert len(threads) == 1 and threading.get_ident() not in threads


def test_few_calls_wait():
    gate, started = threading.Event(), []

    def work(value):
        started.append(value)
        gate.wait(5)

    with in_background(work) as call:
        sender = threading.Thread(target=lambda: [call(value) for value in range(10)])
        sender.start()
        sender.join(0.2)
        assert sender.is_alive() and len(started) == 1
        gate.set()
        sender.join()
    assert started == list(range(10))


@pytest.mark.parametrize("calls", [1, 20])
def test_errors_come_back(calls):
    def work(value):
        raise OSError(f"no room for {value}")

    with pytest.raises(OSError, match="no room for 0"), in_background(work) as call:
        for value in range(calls):
            call(value)
