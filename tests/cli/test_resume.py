"""``momentvos run --resume``: killed anywhere, a run goes on, and ends in the same files."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from momentvos.cli.activity import Activity
from momentvos.cli.resume import progress_folder
from momentvos.results import journal

SENTENCES = ["the dog that jumps", "two cats"]
PROGRAM = """
import os, signal, sys
from momentvos.cli import activity
from momentvos.results import journal
journal.LEAST = journal.SHARE = journal.LOST = 0.0
plain, seen, stage, after = activity.Activity.__call__, [], sys.argv.pop(1), int(sys.argv.pop(1))
def report(self, name, done, total):
    plain(self, name, done, total)
    print(name, done, total, file=sys.stderr, flush=True)
    seen.append(name)
    if seen[-1].startswith(stage) and seen.count(name) == after:
        os.kill(os.getpid(), signal.SIGKILL)
activity.Activity.__call__ = report
from momentvos.cli.main import main
main()
"""
"""The real program, which ends like in a power cut at a report of its progress, and says them."""


@pytest.fixture(autouse=True)
def at_every_step(monkeypatch):
    """Progress is kept whenever it may be, whatever the time."""
    for name in ("LEAST", "SHARE", "LOST"):
        monkeypatch.setattr(journal, name, 0.0)


def contents(folder: Path) -> dict[str, bytes]:
    """Files of masks and predictions."""
    files = [*folder.rglob("*.png"), *folder.rglob("prediction.json")]
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def program(folder, stage, after, *words):
    """Run the program, which kills itself at a report of that stage, or is through."""
    return subprocess.run(
        [sys.executable, "-c", PROGRAM, stage, str(after), "run", *map(str, words)],
        capture_output=True,
        text=True,
        cwd=folder,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
        timeout=120,
    )


def reports(text):
    rows = [line.rsplit(" ", 2) for line in text.splitlines()]
    return [
        (row[0], int(row[1]))
        for row in rows
        if len(row) == 3 and row[1].isdecimal() and row[2].isdecimal()
    ]


@pytest.mark.parametrize(
    "kills",
    [
        [("segmenting", 7)],
        pytest.param(
            [("grounding", 1), ("segmenting", 7), ("segmenting", 4), ("drawing 2/2", 3)],
            marks=pytest.mark.slow,
        ),
    ],
)
def test_a_run_that_is_killed_goes_on(tmp_path, cli, clip, small_model, kills):
    words = (clip, *SENTENCES, "--model", small_model)
    assert cli("run", *words, "-o", "whole").exit_code == 0
    there = 0
    for stage, after in kills:
        done = program(tmp_path, stage, after, *words, "-o", "out", "--resume")
        assert done.returncode == -signal.SIGKILL, done.stderr
        assert progress_folder(tmp_path / "out").is_dir()
        walked = [number for name, number in reports(done.stderr) if name == "segmenting"]
        if walked:
            assert walked[0] >= there, "it is no further back than the one before"
            there = walked[0]
    seen = []
    plain = Activity.__call__
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            Activity, "__call__", lambda self, *row: seen.append(row) or plain(self, *row)
        )
        last = cli("run", *words, "-o", "out", "--resume")
    assert last.exit_code == 0, last.stderr
    first = next((done for name, done, _ in seen if name == "segmenting"), None)
    assert first is None or first >= max(there, 1), "it goes on in mid-walk"
    assert "grounding" not in {name for name, _, _ in seen}
    assert contents(tmp_path / "out") == contents(tmp_path / "whole")
    assert not progress_folder(tmp_path / "out").exists(), "nothing is left"


@pytest.fixture
def stopped(cli, clip, small_model, monkeypatch):
    """A run into ``out`` that was stopped after some frames, by whatever it is given."""

    def stop(*words, error=KeyboardInterrupt, after=6):
        seen, plain = [], Activity.__call__

        def impatient(self, name, done, total):
            plain(self, name, done, total)
            seen.append((name, done))
            if name == "segmenting" and len([one for one in seen if one[0] == name]) == after:
                raise error

        monkeypatch.setattr(Activity, "__call__", impatient)
        result = cli("run", clip, "the dog", "-o", "out", "--model", small_model, *words)
        monkeypatch.setattr(Activity, "__call__", plain)
        return result

    return stop


def test_ctrl_c_says_how_to_go_on(stopped, cli, clip, small_model):
    result = stopped("--resume")
    assert result.exit_code == 130 and "--resume goes on" in result.stderr
    assert not Path("out").exists(), "no results, not even a part of them"
    result = cli("run", clip, "the dog", "-o", "out", "--model", small_model, "--resume")
    assert result.exit_code == 0 and [one.name for one in Path().iterdir()] == ["out"]


def test_progress_lies_on_the_volume_that_results_go_to(stopped, cli, clip, small_model):
    """The current folder stays itself, as a volume that is mounted in a container does."""
    out = Path.cwd()
    result = stopped("--resume", "-o", ".")
    assert result.exit_code == 130
    assert [one.name for one in out.iterdir()] == [".momentvos-progress"]
    result = cli("run", clip, "the dog", "-o", ".", "--model", small_model, "--resume")
    assert result.exit_code == 0, result.stderr
    assert not (out / ".momentvos-progress").exists() and (out / "prediction.json").is_file()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("a cat",), 'its sentences are ["the dog"], not ["a cat"]'),
        (("the dog", "--moment", "0:3"), "its moments are [null], not [[[0, 3]]]"),
        (("the dog", "--resolution", "64"), "its configuration is another one"),
        (("the dog", "--dtype", "bfloat16"), 'its dtype is "float32", not "bfloat16"'),
    ],
)
def test_another_question_is_not_mixed_in(stopped, cli, clip, small_model, words, said):
    stopped("--resume")
    result = cli("run", clip, *words, "-o", "out", "--model", small_model, "--resume")
    assert result.exit_code == 2 and said in result.stderr, result.stderr
    assert "leave --resume out to begin anew" in result.stderr
    machine = "Note: This processor only imitates products in bfloat16"
    lines = [one for one in result.stderr.strip().splitlines() if not one.startswith(machine)]
    assert len(lines) <= 2, "one sentence"
    result = cli("run", clip, *words, "-o", "out", "--model", small_model)
    assert result.exit_code == 0 and "add --resume to go on with it" in result.stderr
    assert [one.name for one in Path().iterdir()] == ["out"], "what was stopped is of no more use"


def test_another_video_under_the_same_name(stopped, cli, clip, small_model, write_clip, tmp_path):
    stopped("--resume")
    write_clip(tmp_path / "other.mp4", frames=12, fps=12)
    result = cli("run", "other.mp4", "the dog", "-o", "out", "--model", small_model, "--resume")
    assert result.exit_code == 2 and "its video is another one" in result.stderr


def test_damaged_progress_is_done_anew_and_said(stopped, cli, clip, small_model):
    whole = cli("run", clip, "the dog", "-o", "whole", "--model", small_model)
    assert whole.exit_code == 0
    stopped("--resume")
    records = sorted(progress_folder(Path("out")).glob("*.safetensors"))
    assert records
    for record in records:
        record.write_bytes(record.read_bytes()[: record.stat().st_size // 2])
    result = cli("run", clip, "the dog", "-o", "out", "--model", small_model, "--resume")
    assert result.exit_code == 0 and "is damaged" in result.stderr, result.stderr
    assert contents(Path("out")) == contents(Path("whole"))


def test_without_the_option_a_short_run_leaves_nothing(stopped):
    assert stopped().exit_code == 130
    assert not list(Path().iterdir())


def test_a_pipe_and_json_alone(cli, clip, small_model):
    words = ("run", clip, "the dog", "--model", small_model, "--resume")
    result = cli(*words, "--json")
    assert result.exit_code == 2 and "add -o OUT" in result.stderr
    result = cli(*words, "--stream")
    assert result.exit_code == 2 and "--resume needs the whole video" in result.stderr
    result = cli(*words, "--json", "-o", "out")
    assert result.exit_code == 0 and json.loads(result.stdout)["video"]["length"] == 12


def test_a_grounder_in_front_is_asked_once(stopped, cli, clip, small_model, monkeypatch):
    asked = []
    from momentvos.grounding.fixed_spans import Uniform

    plain = Uniform.ground
    monkeypatch.setattr(
        Uniform, "ground", lambda *args, **kwargs: asked.append(1) or plain(*args, **kwargs)
    )
    words = ("--grounder", "uniform:4", "--resume")
    stopped(*words)
    result = cli("run", clip, "the dog", "-o", "out", "--model", small_model, *words)
    assert result.exit_code == 0, result.stderr
    assert len(asked) == 1
