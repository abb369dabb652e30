"""Signs of life: lines where there is no terminal, one bar where there is, nothing when quiet."""

import io
import threading

import pytest

from momentvos.cli.activity import Activity, announced, duration


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self):
        return True


class Heard(io.StringIO):
    """A stream that tells when something has been written."""

    def __init__(self):
        super().__init__()
        self.said = threading.Event()

    def write(self, text):
        count = super().write(text)
        self.said.set()
        return count


def test_lines_come_by_themselves_where_there_is_no_terminal():
    stream = Heard()
    with Activity(stages=[("segmenting", 12)], stream=stream, every=0.01) as activity:
        activity.begin("loading tgl-mini")
        assert stream.said.wait(10)
        assert "loading tgl-mini, 0 s so far" in stream.getvalue()
        activity("segmenting", 3, 12)
        stream.said.clear()
        assert stream.said.wait(10)
    assert "segmenting: 3 frames of 12 frames" in stream.getvalue()
    assert "\x1b" not in stream.getvalue()


def test_nothing_is_said_of_what_ends_soon():
    stream = io.StringIO()
    with Activity(stream=stream) as activity:
        activity("segmenting", 3, 12)
    assert stream.getvalue() == ""


def test_quiet_is_quiet():
    for stream in (io.StringIO(), Terminal()):
        with Activity(quiet=True, stream=stream, every=0.001) as activity:
            activity.begin("loading")
            activity("segmenting", 3, 12)
        assert stream.getvalue() == ""


def test_a_line_has_rate_share_and_time_left(monkeypatch):
    now = [0.0]
    monkeypatch.setattr("momentvos.cli.activity.monotonic", lambda: now[0])
    activity = Activity(stages=[("segmenting", 600)])
    assert activity.line() is None
    activity("segmenting", 0, 600)
    now[0] = 10.0
    activity("segmenting", 120, 600)
    assert activity.line() == (
        "segmenting: 120 frames of 600 frames, 12.0 frames/s, 20 % of all, about 40 s left"
    )


def test_bytes_are_shown_in_units_that_fit(monkeypatch):
    activity = Activity(unit="bytes")
    activity("model.safetensors", 2_500_000, 3_000_000_000)
    assert activity.line().startswith("model.safetensors: 2.5 MB of 3.00 GB")


def test_a_terminal_gets_one_bar():
    stream = Terminal()
    with Activity(stages=[("grounding", 4), ("segmenting", 4)], stream=stream) as activity:
        for name in ("grounding", "segmenting"):
            for done in range(5):
                activity(name, done, 4)
        activity._bar._progress.refresh()
    said = stream.getvalue()
    assert "segmenting" in said and "100 %" in said and "\x1b" in said


def test_the_bar_goes_when_the_work_fails():
    stream = Terminal()
    with pytest.raises(KeyboardInterrupt), Activity(stream=stream) as activity:
        activity("segmenting", 1, 4)
        raise KeyboardInterrupt
    assert stream.getvalue().endswith(("\x1b[?25h", "\x1b[2K"))  # the cursor is back


def test_what_is_slow_is_announced_and_what_is_quick_is_not(capsys):
    with announced("Reading a.mp4", after=60):
        pass
    assert capsys.readouterr().err == ""
    with announced("Reading a.mp4", quiet=True, after=0):
        pass
    assert capsys.readouterr().err == ""


def test_what_takes_long_is_announced(monkeypatch):
    stream = Heard()
    monkeypatch.setattr("sys.stderr", stream)
    with announced("Reading a.mp4", after=0):
        assert stream.said.wait(10)
    assert stream.getvalue() == "Reading a.mp4\n"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.2, "0 s"), (59.4, "59 s"), (200, "3 min 20 s"), (7500, "2 h 5 min")],
)
def test_times_as_people_say_them(seconds, text):
    assert duration(seconds) == text
