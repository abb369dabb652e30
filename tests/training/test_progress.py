import pytest

from momentvos.training.progress import PlainLine, RichLine, Status


def test_plain_lines_come_every_so_many_steps(capsys):
    with PlainLine(2) as report:
        for step in range(1, 6):
            report(Status(step, 5, "video", {"loss": 0.123456}))
    lines = capsys.readouterr().err.splitlines()
    assert [line.split()[1] for line in lines] == ["2/5", "4/5", "5/5"]
    assert lines[0] == "video 2/5 loss 0.1235"


@pytest.mark.parametrize("values", [{}, {"loss": 1.5}])
def test_the_bar_goes_to_stderr(capsys, values):
    with RichLine() as report:
        report(Status(1, 2, "image", values))
    captured = capsys.readouterr()
    assert captured.out == "" and "image" in captured.err
