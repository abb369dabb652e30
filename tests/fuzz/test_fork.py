"""What a forked case did is seen: errors, crashes, hangs, tracebacks, places that it wrote to."""

import ctypes
import itertools
import sys

import pytest
from tests.fuzz import fork

from momentvos.errors import DataError


def crash():
    ctypes.string_at(0)


def hang():
    for _ in itertools.count():
        pass


def allocate():
    return bytearray(8 << 30)


def refuse():
    raise DataError("The file is broken.")


def ramble():
    raise DataError("The file\nis broken")


def mumble():
    print("Traceback (most recent call last):", file=sys.stderr)


@pytest.mark.parametrize(
    ("case", "kind", "text"),
    [
        (list, "answered", ""),
        (refuse, "refused", "The file is broken."),
        (ramble, "fault", "no sentence"),
        (mumble, "fault", "on the standard error"),
        (lambda: 1 / 0, "fault", "ZeroDivisionError"),
        (lambda: sys.exit(3), "fault", "SystemExit"),
        (allocate, "fault", "MemoryError"),
        (crash, "killed", "signal 11"),
        (hang, "killed", "hang"),
    ],
)
def test_ends(tmp_path, case, kind, text):
    end = fork.run(case, 1, (tmp_path,))
    assert end.kind == kind and text in end.text
    assert end.good == (kind in ("answered", "refused"))


def test_places(tmp_path):
    inside, outside = tmp_path / "out", tmp_path / "other"
    inside.mkdir()
    (inside / "link").symlink_to(tmp_path)
    for case, good in [
        (lambda: (inside / "a").write_text("x"), True),
        (lambda: (inside / "a").read_text(), True),
        (lambda: outside.write_text("x"), False),
        (outside.mkdir, False),
        (lambda: (inside / "link" / "x").write_text("x"), False),
        (lambda: (inside / ".." / "x").write_text("x"), False),
        (lambda: (inside / "a").rename(tmp_path / "b"), False),
    ]:
        assert fork.run(case, 5, (inside,)).good == good
