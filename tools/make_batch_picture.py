"""Photograph the page that `momentvos batch` makes, for README and docs/batch.md.

python tools/make_batch_picture.py
python tools/make_batch_picture.py --keep outputs/batch

The clips are test scenes of MomentWorld, named by their numbers; what README prints of them is
printed here too. Needs Chromium.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from chromium import Chromium, executable
from make_sample import write

from momentvos.data.world import scene

PICTURE = Path(__file__).parents[1] / "docs" / "images" / "batch.webp"
SCENES = (1, 5, 10, 38)
SENTENCE = "a turtle that is going left"
SIZE = 256
"""Pixels of a clip's side."""
WIDTH, SCALE = 1160, 1.25


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("picture", type=Path, nargs="?", default=PICTURE)
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="where clips and results stay")
    options = parser.parse_args()
    executable()  # before minutes of work
    with tempfile.TemporaryDirectory() as scratch:
        folder = options.keep or Path(scratch)
        clips(folder / "clips")
        subprocess.run(batch(), cwd=folder, check=True)
        for line in (folder / "out" / "manifest.jsonl").read_text("utf-8").splitlines():
            answer = json.loads(line)
            print(json.dumps([answer[key] for key in ("video", "status", "seconds")]))
        with Chromium() as browser:
            page = folder / "out" / "index.html"
            browser.open(page.resolve().as_uri(), WIDTH, 300, scale=SCALE)
            picture = browser.picture()
    picture.save(options.picture, quality=88, method=6)
    print(f"{options.picture}: {picture.size}, {options.picture.stat().st_size >> 10} KiB")


def clips(folder: Path) -> None:
    """Write the videos that the page is about."""
    folder.mkdir(parents=True, exist_ok=True)
    for number in SCENES:
        write(scene(number, "test"), folder / f"{number:02}.mp4", SIZE)


def batch() -> list[str]:
    """README's command."""
    return [sys.executable, "-m", "momentvos", "batch", "clips", "-s", SENTENCE, "-o", "out", "-q"]


if __name__ == "__main__":
    main()
