"""Threads: how many and how they wait, set before torch is loaded."""

import os
import subprocess
import sys

import pytest

from momentvos.cli import threads

SHOW = """
import os, sys
sys.argv = ["momentvos", "--version"]
from momentvos.cli.main import main
assert "torch" not in sys.modules
try:
    main()
except SystemExit:
    print(os.environ["OMP_WAIT_POLICY"])
"""


@pytest.mark.parametrize(("given", "policy"), [(None, "PASSIVE"), ("ACTIVE", "ACTIVE")])
def test_the_command_waits_passively_unless_told_otherwise(given, policy):
    environment = {name: value for name, value in os.environ.items() if name != "OMP_WAIT_POLICY"}
    if given:
        environment["OMP_WAIT_POLICY"] = given
    made = subprocess.run(
        [sys.executable, "-c", SHOW], env=environment, capture_output=True, text=True, check=True
    )
    assert made.stdout.split()[-1] == policy


def group(root, groups, files):
    """A system's files about control groups below `root`."""
    (root / "proc" / "self").mkdir(parents=True, exist_ok=True)
    (root / "proc" / "self" / "cgroup").write_text(groups)
    for name, text in files.items():
        path = root / "sys" / "fs" / "cgroup" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


@pytest.mark.parametrize(
    ("groups", "files", "share"),
    [
        ("0::/\n", {"cpu.max": "200000 100000\n"}, 2),
        ("0::/\n", {"cpu.max": "150000 100000\n"}, 2),
        ("0::/\n", {"cpu.max": "20000 100000\n"}, 1),
        ("0::/\n", {"cpu.max": "max 100000\n"}, None),
        ("0::/a/b\n", {"a/cpu.max": "300000 100000", "a/b/cpu.max": "max 100000"}, 3),
        ("0::/a\n", {"cpu.max": "100000 100000", "a/cpu.max": "400000 100000"}, 1),
        (
            "4:cpu,cpuacct:/box\n",
            {"cpu/box/cpu.cfs_quota_us": "250000\n", "cpu/box/cpu.cfs_period_us": "100000\n"},
            3,
        ),
        ("4:cpu:/\n", {"cpu/cpu.cfs_quota_us": "-1", "cpu/cpu.cfs_period_us": "100000"}, None),
        ("2:memory:/x\n", {}, None),
        ("", {}, None),
        ("nonsense", {"cpu.max": "nonsense"}, None),
        ("0::/../../etc\n", {"cpu.max": "100000 100000"}, 1),
    ],
)
def test_the_share_of_a_container(tmp_path, groups, files, share):
    assert threads.quota(group(tmp_path, groups, files)) == share


def test_a_share_below_the_cores_is_kept_to(monkeypatch):
    monkeypatch.setattr(threads, "cores", lambda: 64)
    monkeypatch.setattr(threads, "quota", lambda: 3)
    for name in threads.COUNTS:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.setitem(os.environ, name, "9")
        monkeypatch.delitem(os.environ, name)
    monkeypatch.setitem(sys.modules, "torch", None)
    threads.keep_to_quota()
    assert threads.chosen() == (3, "the container's share of the processor")
    monkeypatch.setenv("OMP_NUM_THREADS", "5")
    threads.keep_to_quota()
    assert threads.chosen() == (5, "OMP_NUM_THREADS")


def test_the_option_reaches_pytorch(cli, monkeypatch):
    import torch

    before = torch.get_num_threads()
    for name in threads.COUNTS:
        monkeypatch.setenv(name, "1")
    try:
        assert "does not exist" in cli("run", "a.mp4", "dog", "--threads", "3").stderr
        assert torch.get_num_threads() == 3 and os.environ["OMP_NUM_THREADS"] == "3"
    finally:
        torch.set_num_threads(before)
    assert "--threads" in cli("run", "a.mp4", "dog", "--threads", "0").stderr
