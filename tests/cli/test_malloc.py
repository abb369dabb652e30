"""What a video's frames leave behind goes back to the system."""

import os
import platform
import subprocess
import sys

import pytest

from momentvos.cli import malloc

SCRIPT = """
import resource, sys
from momentvos.cli import malloc
if sys.argv[1] == "settled":
    malloc.map_large_blocks()
del_me = bytearray(30 << 20)
del del_me  # from now on glibc takes blocks of up to 30 MB from its heap
passing, staying = [], []
for number in range(40):
    passing.append(bytearray(b"x") * (4 << 20))
    staying.append(bytearray(b"y") * (64 << 10))
passing.clear()
with open("/proc/self/statm") as file:
    print(int(file.read().split()[1]) * resource.getpagesize() >> 20)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="of glibc")
def test_what_passes_leaves_nothing_between_what_stays():
    def megabytes(how):
        command = [sys.executable, "-c", SCRIPT, how]
        # A batch in this process tells its children's malloc what the script is to find out.
        plain = {name: value for name, value in os.environ.items() if "MALLOC" not in name}
        done = subprocess.run(command, capture_output=True, text=True, check=True, env=plain)
        return int(done.stdout)

    assert megabytes("settled") < megabytes("as it is") - 100


FAULTS = """
import resource, sys
from momentvos.cli import malloc
if sys.argv[1] == "kept":
    malloc.keep_freed_memory()
for _ in range(20):
    bytearray(40 << 20)
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="of glibc")
def test_what_comes_again_and_again_is_cleared_once():
    def faults(how):
        command = [sys.executable, "-c", FAULTS, how]
        return int(subprocess.run(command, capture_output=True, text=True, check=True).stdout)

    assert faults("kept") < faults("as it is") - 10_000


def test_elsewhere_nothing_is_done(monkeypatch):
    monkeypatch.setattr(malloc.sys, "platform", "darwin")
    monkeypatch.setattr(malloc.ctypes, "CDLL", None)
    malloc.map_large_blocks()
    malloc.keep_freed_memory()
