"""How soon `momentvos` answers and shows signs of life: whole processes, the median of several.

python benchmarks/startup.py [--runs 9] [--json outputs/bench/startup.json]
python benchmarks/startup.py --demo [--beside OTHER/src] [--runs 9]    # `make demo` alone
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

CLIP = str(Path(__file__).parents[1] / "samples" / "demo.mp4")
HELP, IMPORT, FIRST_SIGN, FIRST_FRAME, DEMO = 0.3, 0.1, 1.0, 0.7, 7.0
"""Bars in seconds; that of the first frame in those of the processor."""
CLASSES = (
    "import torch; from transformers import AutoTokenizer, PreTrainedModel, RobertaModel, "
    "Sam2VideoModel"
)
"""What no program with these models comes without."""
FEATURES = f"""
import torch, momentvos
from momentvos.media import Video
from momentvos.propagation.feature_cache import FeatureCache
model = momentvos.load("tgl-mini", device="cpu")
with torch.inference_mode():
    FeatureCache(model.sam, Video.open({CLIP!r}), "pad")([0])
"""


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--runs", type=int, default=9, help="processes per command")
    options.add_argument("--json", type=Path, help="also write it there")
    options.add_argument("--demo", action="store_true", help="leave out all but the demo")
    options.add_argument("--beside", help="sources of another checkout, whose demo runs in turn")
    given = options.parse_args()
    runs = given.runs
    late = [] if given.demo else startup(runs)
    late.append(demo(max(runs // 3, 1), given.beside))
    if given.json:
        from record import save

        save(given.json, ROWS)
    return int(any(late))


def startup(runs: int) -> list[bool]:
    """Whether each row is over its bar."""
    bare = statistics.median(_whole("-c", "pass") for _ in range(runs))
    print(f"{'python -c pass':<40} {bare * 1000:6.0f} ms")
    imported = statistics.median(_whole("-c", "import momentvos") for _ in range(runs)) - bare
    late = [_shown("import momentvos (over that)", imported, IMPORT)]
    for words in (["--help"], ["--version"], ["run", "--help"], ["config"]):
        seconds = statistics.median(_whole("-m", "momentvos", *words) for _ in range(runs))
        late.append(_shown(" ".join(("momentvos", *words)), seconds, HELP))
    for words in (
        ["run", CLIP, "the cat", "--json"],
        ["ground", CLIP, "the cat"],
        ["eval", "world", "--videos", "1"],
    ):
        seconds = _median(lambda words=words: _first_sign(words), max(runs // 3, 1))
        late.append(_shown(f"first sign of momentvos {words[0]}", seconds, FIRST_SIGN))
    classes, whole = (
        statistics.median(_used(code) for _ in range(max(runs // 3, 1)))
        for code in (CLASSES, f"{CLASSES}\n{FEATURES}")
    )
    print(
        f"{'torch and the classes of transformers':<40} {classes * 1000:6.0f} ms of the processor"
    )
    late.append(_shown("load and first features (over that)", whole - classes, FIRST_FRAME))
    return late


def demo(runs: int, beside: str | None) -> bool:
    """Whether `make demo` is over its bar; prints what it takes of the processor, too."""
    sentence = Path(CLIP).with_suffix(".txt").read_text().strip()
    sources = [None] if beside is None else [None, beside]
    taken: dict[str | None, list[tuple[float, float]]] = {source: [] for source in sources}
    for _ in range(runs):
        for source in sources:
            words = ["-m", "momentvos", "run", CLIP, sentence, "--quiet"]
            path = {} if source is None else {"PYTHONPATH": source}
            with tempfile.TemporaryDirectory() as folder:
                start = time.perf_counter()
                used = _processor([*words, "-o", f"{folder}/out"], **path)
                taken[source].append((time.perf_counter() - start, used))
    medians = {
        source: [statistics.median(row) for row in zip(*rows, strict=True)]
        for source, rows in taken.items()
    }
    (seconds, used), *others = medians.values()
    late = _shown("make demo", seconds, DEMO)
    print(f"{'the same, of the processor':<40} {used * 1000:6.0f} ms")
    for other, before in others:
        print(f"{f'{beside}':<40} {other * 1000:6.0f} ms, of the processor {before * 1000:.0f} ms")
        print(f"{'of that now':<40} {seconds / other:6.2f}, of the processor {used / before:.2f}")
    return late


def _median(measure: Callable[[], float], runs: int) -> float:
    return statistics.median(measure() for _ in range(runs))


ROWS: list[dict[str, object]] = []


def _shown(what: str, seconds: float, bar: float) -> bool:
    ROWS.append({"what": what, "seconds": round(seconds, 3), "bar": bar})
    print(f"{what:<40} {seconds * 1000:6.0f} ms, bar {bar * 1000:.0f} ms")
    return seconds >= bar


def _environment(**further: str) -> dict[str, str]:
    """Python may keep what it compiles, as where a user has installed the package."""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return kept | further


def _whole(*words: str) -> float:
    start = time.perf_counter()
    subprocess.run([sys.executable, *words], check=True, capture_output=True, env=_environment())
    return time.perf_counter() - start


def _used(code: str) -> float:
    """Seconds of the processor that a process with one thread takes."""
    return _processor(["-c", code], OMP_NUM_THREADS="1")


def _processor(words: list[str], **further: str) -> float:
    """Seconds of the processor that a process takes."""
    environment = _environment(**further)
    running = subprocess.Popen([sys.executable, *words], env=environment, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(running.pid, 0)
    if status:
        raise SystemExit(f"a process ended with {status}")
    return usage.ru_utime + usage.ru_stime


def _first_sign(words: list[str]) -> float:
    """Seconds until the first line on stderr; the rest is not waited for."""
    start = time.perf_counter()
    with subprocess.Popen(
        [sys.executable, "-m", "momentvos", *words],
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        env=_environment(),
    ) as running:
        assert running.stderr is not None
        line = running.stderr.readline()
        seconds = time.perf_counter() - start
        running.kill()
    if not line.startswith((b"Reading", b"Loading", b"Measuring")):
        raise SystemExit(f"momentvos {' '.join(words)}: {line!r}")
    return seconds


if __name__ == "__main__":
    sys.exit(main())
