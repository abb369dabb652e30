"""Pictures of the page at / for README and docs, from those that its tests have kept.

make slow ARGS=tests/page
python tools/make_page_pictures.py
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from PIL import Image

ROOT = Path(__file__).parents[1]
PICTURES = {
    "page": ("several", 1160),
    "page-start": ("start", 900),
    "page-clicked": ("clicked", 1160),
    "page-downloads": ("downloads", 900),
    "page-phone": ("phone-dark", 360),
}
"""By name in docs/images: a picture of the tests, and pixels of its width."""


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path, nargs="?", default=ROOT / "outputs" / "page")
    options = parser.parse_args()
    for name, (source, width) in PICTURES.items():
        path = options.folder / f"{source}.png"
        if not path.is_file():
            sys.exit(f"{path} is not there; make it by: make slow ARGS=tests/page")
        image = Image.open(path).convert("RGB")
        height = round(image.height * width / image.width)
        image = image.resize((width, height), Image.Resampling.LANCZOS)
        made = ROOT / "docs" / "images" / f"{name}.webp"
        image.save(made, "WEBP", quality=84, method=6)
        print(f"{made.relative_to(ROOT)}: {made.stat().st_size // 1024} KiB")


if __name__ == "__main__":
    main()
