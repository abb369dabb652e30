import os
import signal
from time import monotonic

import pytest

from momentvos.server.child import Child, GoneError, LateError
from momentvos.server.media import MODULE
from momentvos.server.wire import decode, encode

BOUNDS = {"memory": 8 << 30, "cpu_seconds": 60, "file_bytes": 0}


@pytest.fixture
def child():
    made = Child(MODULE)
    made.say(BOUNDS)
    yield made
    made.kill()


def test_messages_are_lines_and_nothing_is_unpickled():
    line = encode({"do": "frame", "text": "a\nb\u2028 é"})
    assert line.count(b"\n") == 1
    assert decode(line) == {"do": "frame", "text": "a\nb\u2028 é"}
    for bad in (b"[1]\n", b"\x80\x04N.\n", b'{"a": NaN'):
        with pytest.raises(ValueError):
            decode(bad)


def test_a_process_that_says_nothing_is_late_and_one_that_is_killed_is_gone(child):
    with pytest.raises(LateError):
        child.hear(monotonic() + 0.05)
    assert child.alive
    os.kill(child.pid, signal.SIGKILL)
    with pytest.raises(GoneError, match="SIGKILL"):
        child.hear(monotonic() + 30)
    with pytest.raises(GoneError):
        child.say({"do": "frame"})


def test_a_process_ends_with_its_server(child):
    child._process.stdin.close()
    with pytest.raises(GoneError, match="code 0"):
        child.hear(monotonic() + 30)


def test_what_a_message_announces_is_bounded(child):
    for count in (-1, 1 << 40, "7", None):
        with pytest.raises(GoneError, match="more than it may"):
            child.take(count, monotonic() + 1)
