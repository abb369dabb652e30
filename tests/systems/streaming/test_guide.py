"""docs/streaming.md: its example runs, and the figures in its text are those of the models."""

import re
from pathlib import Path

import momentvos
from momentvos.data.world import render
from momentvos.systems.tgl.presets import SAMWISE

PAGE = (Path(__file__).parents[3] / "docs" / "streaming.md").read_text(encoding="utf-8")


def test_the_robots_loop_runs(tiny, world, capsys):
    (code,) = re.findall(r'```python title="robot.py"\n(.*?)```', PAGE, re.DOTALL)
    names = {}
    exec(code, names)
    frames, _ = render(world, range(10), 64)
    dropped, rest = names["watch"](tiny(), iter(frames), 8)
    assert dropped.sentence == "the blue turtle" and dropped.moment.to_list() == [[3, 7]]
    assert [one.sentence for one in rest] == ["the turtle"]
    assert capsys.readouterr().out.count("<Update 'blue' in frame") == 4


def test_delays_that_the_page_names(build):
    model = momentvos.load("tgl-mini", device="cpu")
    slow, fast = (model.stream("the turtle", fps=fps).delay / fps for fps in (8, 30))
    assert f"({slow:.1f} s at 8 frames/s, {fast:.1f} at 30)" in PAGE
    model.config.tam_span = model.config.window = 8
    assert 1.0 < model.stream("the turtle", fps=30).delay / 30 < 1.15
    assert "tam_span = model.config.window = 8  # 1.1 s" in PAGE
    released = build(**SAMWISE | {"window": 8, "rate": None})
    assert released.stream("the turtle", fps=30).delay == 7 and "0.23 s at 30" in PAGE
