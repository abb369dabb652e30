import threading

import pytest

from momentvos.training.progress import Pace, PlainLine, RichLine, Status


def test_plain_lines_say_where_it_starts_and_ends(capsys):
    with PlainLine(60) as report:
        report(Status(0, 5, "video"))
        for step in range(1, 6):
            report(Status(step, 5, "video", {"loss": 0.123456}))
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == "Training: 5 steps, from the first on"
    assert len(lines) == 2
    assert lines[1].startswith("video: step 5 of 5, loss 0.1235, ")
    assert lines[1].endswith(" s/step, 0 s left")


@pytest.mark.parametrize(
    "first", [Status(120, 400, "video"), Status(121, 400, "video", {"loss": 1.0})]
)
def test_a_run_that_goes_on_says_from_where(capsys, first):
    with PlainLine(60) as report:
        report(first)
    assert capsys.readouterr().err.splitlines()[0] == "Training goes on from step 120 of 400"


def test_lines_come_while_a_step_takes_long(monkeypatch):
    said, heard = [], threading.Event()

    def keep(line):
        said.append(line)
        if len(said) > 2:
            heard.set()

    monkeypatch.setattr("momentvos.training.progress._print", keep)
    with PlainLine(0.01) as report:
        report(Status(3, 9, "video", {}))
        assert heard.wait(10)
    assert "video: step 3 of 9" in said


def test_the_pace_is_that_of_the_last_minute():
    pace = Pace()
    assert pace.seconds is None and pace.text(Status(0, 9, "")) == ""
    pace.update(100, 0.0)
    pace.update(101, 50.0)  # a slow first step, which a later minute forgets
    for step in range(102, 222):
        pace.update(step, 50.0 + (step - 101))
    assert pace.seconds == pytest.approx(1.0, abs=0.02)
    assert pace.text(Status(221, 421, "video")).endswith("3 min 20 s left")


@pytest.mark.parametrize("values", [{}, {"loss": 1.5}])
def test_the_bar_goes_to_stderr(capsys, values):
    with RichLine() as report:
        report(Status(1, 2, "image", values))
    captured = capsys.readouterr()
    assert captured.out == "" and "image" in captured.err
