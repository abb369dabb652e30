"""Training on two machines, by the commands of docs/training.md."""

import json
import os
import re
import shlex
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest
from tests.training.machines import two_machines
from typer.testing import CliRunner

from momentvos.cli.main import app

PAGE = Path(__file__).parents[2] / "docs" / "training.md"
STEPS = 6
# AdamW takes whole steps where the gradient is nothing but rounding (biases of keys), and sums of
# other order round otherwise: in five steps it made 9e-8 of that, in six 4e-6.
SMALL = [f"steps={STEPS}", "data.videos=1", "data.expressions=2", "data.workers=0"]
CHANGES = [f"--set=stages.prompt.{one}" for one in SMALL]
CHANGES += ["--set=logging.every=1", "--set=checkpoint=1"]
TIMEOUT = 1200  # seconds; of a machine on which much else runs


def commands():
    """What the page's section "Several machines" has people type: on all machines, and on one."""
    section = PAGE.read_text().split("\n## Several machines\n")[1].split("\n## ")[0]
    block = re.search(r"```console\n(.*?)```", section, re.DOTALL)[1]
    lines = block.replace("\\\n", " ").splitlines()
    return [shlex.split(line.removeprefix("$ "), comments=True) for line in lines]


def losses(folder):
    lines = [json.loads(line) for line in (folder / "log.jsonl").read_text().splitlines()]
    return {line["step"]: line["loss"] for line in lines}


def steps_written(folder):
    log = folder / "log.jsonl"
    return log.read_text().count("\n") if log.is_file() else 0


@pytest.mark.slow
def test_two_machines_are_one_process_and_one_goes_on_when_the_other_is_lost(tmp_path):
    everywhere, alone = commands()
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    environment = os.environ | {"OMP_NUM_THREADS": "1", "PATH": path}
    run = tmp_path / "runs" / "several"

    with two_machines(tmp_path) as machines:
        started = [
            subprocess.Popen(
                machine.command(*everywhere, *CHANGES),
                env=environment,
                start_new_session=True,
                stderr=(tmp_path / name).open("wb"),
            )
            for name, machine in machines.items()
        ]
        try:
            end = time.monotonic() + TIMEOUT
            while steps_written(run) < 2:
                assert all(one.poll() is None for one in started), said(tmp_path)
                assert time.monotonic() < end, said(tmp_path)
                time.sleep(0.05)
        finally:
            for one in reversed(started):  # the second machine first
                kill_all(one.pid)
                one.wait()
    stopped = steps_written(run)
    assert 2 <= stopped < STEPS

    subprocess.run([*alone, *CHANGES], cwd=tmp_path, env=environment, check=True, timeout=TIMEOUT)
    words = everywhere[everywhere.index("momentvos") + 1 : -1]
    result = CliRunner().invoke(app, [*words, str(tmp_path / "one"), *CHANGES])
    assert result.exit_code == 0, result.output
    one, several = losses(tmp_path / "one"), losses(run)
    assert list(several) == list(one) == list(range(1, STEPS + 1))
    assert several == pytest.approx(one, rel=0, abs=1e-5)
    assert len({round(loss, 5) for loss in one.values()}) > 1


def kill_all(leader):
    """torchrun gives each worker a session of its own, so they are found as its children."""
    listed = subprocess.run(
        ["ps", "-o", "pid=", "--ppid", str(leader)], capture_output=True, text=True, check=False
    )
    for pid in (leader, *map(int, listed.stdout.split())):
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def said(folder):
    return "\n".join((folder / name).read_text()[-2000:] for name in ("first", "second"))
