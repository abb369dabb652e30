"""How long a cancelled job may go on: in seconds of its process, not of the clock."""

import os
import signal
from pathlib import Path
from time import sleep

import pytest

pytest.importorskip("fastapi", reason="the extra `web` is not installed")
from momentvos.server import grace
from momentvos.server.child import Child
from momentvos.server.grace import Grace


@pytest.fixture
def child(tmp_path, monkeypatch):
    """A process that computes for ever."""
    (tmp_path / "busy.py").write_text("while True:\n    pass\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    made = Child("busy")
    yield made
    made.kill()


def over(made: Grace, seconds: float) -> bool:
    for _ in range(int(seconds / 0.02)):
        if made.over:
            return True
        sleep(0.02)
    return False


def test_what_computes_has_as_long_as_its_models_took_to_load(child, monkeypatch):
    monkeypatch.setattr(grace, "LEAST", 0.1)
    assert over(Grace(child, loading=0.0), 30)
    assert not over(Grace(child, loading=100.0), 0.3)


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="the system does not say")
def test_what_has_no_turn_is_not_counted_and_yet_not_for_ever(child, monkeypatch):
    monkeypatch.setattr(grace, "LEAST", 0.2)
    os.kill(child.pid, signal.SIGSTOP)
    made = Grace(child, loading=0.0)
    assert not over(made, 1.0)
    monkeypatch.setattr(grace, "ASLEEP", 0.5)
    assert made.over
    monkeypatch.setattr(grace, "ASLEEP", 60.0)
    os.kill(child.pid, signal.SIGCONT)
    assert over(made, 30)


def test_where_the_system_tells_nothing_the_clock_counts(child, monkeypatch):
    monkeypatch.setattr(grace, "LEAST", 0.1)
    monkeypatch.setattr(Child, "computed", None)
    assert over(Grace(child, loading=0.0), 5)
