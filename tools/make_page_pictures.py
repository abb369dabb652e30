"""Pictures of the pages at / and /studio for README and docs, from those that their tests keep.

make slow ARGS="tests/page tests/studio"
python tools/make_page_pictures.py
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from PIL import Image

ROOT = Path(__file__).parents[1]
PICTURES = {
    "page": ("page/several", 1160),
    "page-start": ("page/start", 900),
    "page-clicked": ("page/clicked", 1160),
    "page-downloads": ("page/downloads", 900),
    "page-phone": ("page/phone-dark", 360),
    "studio-marking": ("studio/marking", 1020),
    "studio-side-by-side": ("studio/side-by-side", 1020),
    "studio-merge": ("studio/merge", 1020),
    "studio-three": ("studio/three", 1020),
}
"""By name in docs/images: a picture of the tests, and pixels of its width."""


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path, nargs="?", default=ROOT / "outputs")
    options = parser.parse_args()
    for name, (source, width) in PICTURES.items():
        path = options.folder / f"{source}.png"
        if not path.is_file():
            sys.exit(
                f"{path} is not there; make it by: make slow ARGS=tests/page, and tests/studio"
            )
        image = Image.open(path).convert("RGB")
        height = round(image.height * width / image.width)
        image = image.resize((width, height), Image.Resampling.LANCZOS)
        made = ROOT / "docs" / "images" / f"{name}.webp"
        image.save(made, "WEBP", quality=84, method=6)
        print(f"{made.relative_to(ROOT)}: {made.stat().st_size // 1024} KiB")


if __name__ == "__main__":
    main()
