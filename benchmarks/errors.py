"""How long `momentvos` takes to name an error that needs no model: whole processes, the median.

Beside the time on the clock stands that of the processor, which other programs do not lengthen.

python benchmarks/errors.py [--runs 3]
"""

import argparse
import resource
import statistics
import subprocess
import sys
import tempfile
import time
import zipfile
from pathlib import Path

BAR = 1.0
RECIPES = Path(__file__).parents[1] / "recipes"
CLIP = Path(__file__).parents[1] / "samples" / "demo.mp4"


def cases(folder: Path) -> list[list[str]]:
    """Command lines with one thing wrong each; `folder` is empty and takes what they need."""
    junk, empty, out = str(folder / "junk.pth"), str(folder / "empty"), str(folder / "out")
    Path(junk).write_bytes(b"PK\3\4 this is no checkpoint")
    weights = str(folder / "weights.pth")
    with zipfile.ZipFile(weights, "w") as archive:  # as torch.save writes an empty dict
        archive.writestr("x/data.pkl", b"\x80\x02}.")
        archive.writestr("x/version", b"3\n")
    Path(empty).mkdir()
    clip, recipe = str(CLIP), str(RECIPES / "tgl" / "world-mini.yaml")
    grounder, table = str(RECIPES / "grounding" / "dual-world.yaml"), str(folder / "table.yaml")
    Path(table).write_text("title: x\nrows: [{name: a, model: nope}]\n")
    return [
        ["train", "nope.yaml"],
        ["train", recipe, "--set", "bad=1"],
        ["train", recipe, "--set", "seed=x"],
        ["train", recipe, "-o", "model.path=nope", "-o", "model.preset=null"],
        ["train", recipe, "-o", f"model.weights.motion={empty}/none"],
        ["train", recipe, "-o", "model.weights.motion=nobody/nothing"],
        ["train", str(RECIPES / "tgl" / "mevis-m.yaml")],
        ["ablate", "nope.yaml"],
        ["ablate", table],
        ["train-grounder", "nope.yaml"],
        ["train-grounder", grounder, "-o", "bad=1"],
        ["train-grounder", grounder, "-o", "data.name=mevis"],
        ["train-grounder", grounder, "--device", "nope"],
        *(
            ["convert", kind, junk, out]
            for kind in ("samwise", "sam2", "momentseg", "vrshq", "chatunivi")
        ),
        ["convert", "momentseg", empty, out],
        ["convert", "sam2", "missing.pt", out],
        ["convert", "sam2", junk, str(folder)],
        ["convert", "weights", empty],
        ["convert", "samwise", weights, out, "--tokenizer", f"{empty}/none"],
        ["convert", "samwise", weights, out, "--tokenizer", "nobody/nothing"],
        ["convert", "samwise", weights, out, "--sam2", junk],
        ["convert", "vrshq", weights, out, "--tokenizer", empty],
        ["convert", "vrshq", weights, out, "--clip", "./none"],
        ["convert", "chatunivi", weights, out, "--clip", "./none"],
        ["run", "missing.mp4", "x"],
        ["run", junk, "x"],
        ["run", clip, ""],
        ["run", clip, "x", "--model", "nope"],
        ["run", clip, "x", "--model", "nobody/nothing"],
        ["run", clip, "x", "--model", empty],
        ["run", clip, "x", "--device", "nope"],
        ["run", clip, "x", "--moment", "9:8"],
        ["run", clip, "x", "--moment", "00:01"],
        ["run", clip, "x", "--moment", "00:00:01;12-"],
        ["run", clip, "the", "dog", "that", "jumps"],
        ["run", clip],
        ["run", clip, "x", "--threads", "0"],
        ["run", clip, "x", "--modle", "x"],
        ["run", "https://example.org/clip.mp4", "x"],
        ["run", "http://127.0.0.1:1/clip.mp4", "x", "--allow-url"],
        ["rnu", clip, "x"],
        ["run", clip, "x", "-o", junk],
        ["run", clip, "x", "-g", "nope"],
        ["run", clip, "x", "-g", "clip:0"],
        ["run", clip, "x", "-g", "clip:4"],
        ["run", clip, "x", "-g", f"clip={empty}/none"],
        ["run", clip, "x", "-g", f"umt={junk}"],
        ["run", clip, "x", "-g", "oracle=missing.json"],
        ["ground", "missing.mp4", "x"],
        ["ground", clip, ""],
        ["ground", clip, "x", "-g", "clip:4"],
        ["ground", clip, "x", "-g", "dual=nope"],
        ["ground", clip, "x", "--model", "nope"],
        ["eval", "nope"],
        ["eval", "mevis", "--root", "nope"],
        ["eval", "mevis", "--root", empty, "--split", "nope"],
        ["eval", "mevis", "--root", empty, "--model", "nope"],
        ["eval", "mevis", "--root", empty, "--shard", "3/2"],
        ["eval", "world", "--model", "nope"],
        ["eval", "world", "--split", "nope"],
        ["eval", "score", empty, "--root", "nope", "--benchmark", "mevis"],
        ["eval", "score", empty, "--root", empty, "--benchmark", "nope"],
        ["data", "show", "nope", empty, "a"],
        ["data", "show", "mevis", "nope", "a"],
        ["data", "check", "mevis", "nope"],
        ["world", "make", out, "--split", "nope"],
        ["world", "make", empty, "--videos", "-1"],
        ["world", "show", out, "--split", "nope"],
    ]


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--runs", type=int, default=3, help="processes per command")
    runs = options.parse_args().runs
    worst = 0.0
    with tempfile.TemporaryDirectory() as name:
        for words in cases(Path(name)):
            seconds, busy, said = zip(*(_run(words) for _ in range(runs)), strict=True)
            worst = max(worst, middle := statistics.median(seconds))
            least = statistics.median(busy)
            shown = " ".join(Path(word).name if "/" in word else word for word in words)
            print(f"{middle * 1000:6.0f} ms, processor {least * 1000:4.0f} ms  momentvos {shown}")
            print(f"    {said[0][:150]}")
    print(f"worst {worst * 1000:.0f} ms, bar {BAR * 1000:.0f} ms")
    return int(worst >= BAR)


def _run(words: list[str]) -> tuple[float, float, str]:
    start, before = time.perf_counter(), _busy()
    done = subprocess.run(
        [sys.executable, "-m", "momentvos", *words], capture_output=True, text=True, check=False
    )
    seconds = time.perf_counter() - start
    if done.returncode != 2 or "Traceback" in done.stderr:
        raise SystemExit(f"momentvos {' '.join(words)}: {done.returncode}\n{done.stderr}")
    return seconds, _busy() - before, done.stderr.strip().splitlines()[-1]


def _busy() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    sys.exit(main())
