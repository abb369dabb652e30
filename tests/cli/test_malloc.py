"""What a video's frames leave behind goes back to the system."""

import os
import platform
import subprocess
import sys
import threading

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
    passing.append(bytearray(b"x") * (5 << 20))
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


HOLES = """
import resource, sys, threading, time
from momentvos.cli import malloc
malloc.map_large_blocks()
passing, staying = [], []
for number in range(1000):
    passing.append(bytearray(b"x") * (100 << 10))
    staying.append(bytearray(b"y") * (4 << 10))
passing.clear()

def resident():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * resource.getpagesize() >> 20

before = resident()
with malloc.trimming(sys.argv[1] == "trimmed"):
    ends = time.monotonic() + float(sys.argv[2])
    while resident() > before - 60 and time.monotonic() < ends:
        time.sleep(0.01)
assert threading.active_count() == 1
print(before - resident())
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="of glibc")
def test_what_is_free_between_what_stays_goes_back_meanwhile():
    def given_back(how, seconds):
        command = [sys.executable, "-c", HOLES, how, seconds]
        return int(subprocess.run(command, capture_output=True, text=True, check=True).stdout)

    assert given_back("trimmed", "60") >= 60
    assert given_back("as it is", "0.5") < 10


SHAPES = """
import sys
from momentvos.cli import malloc
if sys.argv[1] == "few":
    malloc.FEW = 8
    malloc.keep_few_kernels()
import torch
torch.set_num_threads(1)
torch.manual_seed(0)
layer = torch.nn.ConvTranspose2d(64, 32, 2, 2)
with torch.inference_mode():
    for _ in range(2):
        print([layer(torch.ones(rows, 64, 24, 24)).sum().item() for rows in range(2, 26)])
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="other wheels convolve without oneDNN")
def test_few_kernels_are_kept_and_answers_stay():
    def made(how):
        """Kernels of deconvolution that oneDNN makes, as it tells, and what they answer."""
        plain = {name: value for name, value in os.environ.items() if name != malloc.KERNELS}
        command = [sys.executable, "-c", SHAPES, how]
        env = plain | {"ONEDNN_VERBOSE": "2"}
        done = subprocess.run(command, capture_output=True, text=True, check=True, env=env)
        lines = done.stdout.splitlines()
        kernels = [line for line in lines if "create:cache_miss,cpu,deconvolution" in line]
        return len(kernels), [line for line in lines if line.startswith("[")]

    (few, answers), (many, same) = made("few"), made("as it is")
    assert (few, many) == (48, 24)  # in the second round again, or not
    assert answers == same and answers[0] == answers[1]


def test_the_environment_says_how_many_kernels_are_kept(monkeypatch):
    monkeypatch.setenv(malloc.KERNELS, "7")
    malloc.keep_few_kernels()
    assert os.environ[malloc.KERNELS] == "7"
    monkeypatch.delenv(malloc.KERNELS)
    malloc.keep_few_kernels()
    assert os.environ[malloc.KERNELS] == str(malloc.FEW)


def test_the_environment_says_whether_pages_are_huge(monkeypatch):
    monkeypatch.setenv("MALLOC_MMAP_THRESHOLD_", "7")
    monkeypatch.setenv(malloc.HUGE_PAGES, "0")
    malloc.map_large_blocks_of_children()
    assert os.environ[malloc.HUGE_PAGES] == "0"
    monkeypatch.delenv(malloc.HUGE_PAGES)
    malloc.map_large_blocks_of_children()
    assert os.environ[malloc.HUGE_PAGES] == "1" and os.environ["MALLOC_MMAP_THRESHOLD_"] == "7"


def test_elsewhere_nothing_is_done(monkeypatch):
    monkeypatch.setattr(malloc.sys, "platform", "darwin")
    monkeypatch.setattr(malloc.ctypes, "CDLL", None)
    malloc.map_large_blocks()
    malloc.keep_freed_memory()
    with malloc.trimming():
        assert "malloc_trim" not in [thread.name for thread in threading.enumerate()]
