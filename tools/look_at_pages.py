"""Photograph pages at desktop and phone width, and list what does not fit.

python tools/look_at_pages.py site -o outputs/pages
python tools/look_at_pages.py report.html out/index.html -o outputs/pages --widths 390

PAGE is an HTML file, or a folder whose HTML files are taken. Each becomes a PNG per width, tall
ones in columns. What is listed: pages that scroll sideways, pictures that are missing, code and
tables that are cut off at desktop width. Exit code 1 where there is any. Needs Chromium.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

from PIL import Image

sys.path.insert(0, str(Path(__file__).parent))
from chromium import Chromium

PHONE = 600
"""Widths up to this are those of a phone, with its larger pixels."""
COLUMN, GAP = 1800, 12
"""Height of a column of a tall page, and white between columns, in pixels."""
_FAULTS = """((width, phone) => {
  const faults = [], beyond = document.documentElement.scrollWidth - width;
  if (beyond > 0) {
    const over = [...document.querySelectorAll("main *, body > *")].filter(
      one => one.getBoundingClientRect().right > width + 1);
    const names = over.slice(-3).map(one => one.tagName.toLowerCase() + " " +
      (one.textContent || "").trim().slice(0, 40));
    faults.push("scrolls sideways by " + beyond + " pixels: " + names.join(", "));
  }
  for (const image of document.images) {
    if (!image.naturalWidth) faults.push("missing picture " + image.src);
  }
  const wide = phone ? "nothing" : "pre code, .md-typeset__table";
  for (const one of document.querySelectorAll(wide)) {
    const box = one.closest(".md-typeset__scrollwrap") || one;
    if (box.scrollWidth > box.clientWidth + 1) {
      faults.push("cut off by " + (box.scrollWidth - box.clientWidth) + " pixels: " +
        one.textContent.trim().slice(0, 60).replaceAll("\\n", " "));
    }
  }
  return faults;
})(%d, %s)"""


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("pages", type=Path, nargs="+", metavar="PAGE")
    parser.add_argument("-o", "--out", type=Path, required=True, metavar="FOLDER")
    parser.add_argument("--widths", type=int, nargs="+", default=[1280, 390])
    parser.add_argument(
        "--dark", action="store_true", help="as systems with a dark theme show them"
    )
    options = parser.parse_args()
    faulty = 0
    with Chromium(dark=options.dark) as browser:
        for name, page in found(options.pages):
            for width in options.widths:
                phone = width <= PHONE
                browser.open(page.resolve().as_uri(), width, 844 if phone else 900, phone=phone)
                path = options.out / f"{name}-{width}.png"
                path.parent.mkdir(parents=True, exist_ok=True)
                columns(browser.picture()).save(path)
                faults = browser.evaluate(_FAULTS % (width, str(phone).lower()))
                faulty += bool(faults)
                print(path, *(f"  {fault}" for fault in faults), sep="\n", flush=True)
    sys.exit(1 if faulty else 0)


def found(pages: list[Path]) -> Iterator[tuple[str, Path]]:
    """HTML files with a name for each."""
    for page in pages:
        if not page.is_dir():
            yield page.resolve().parent.name if page.stem == "index" else page.stem, page
            continue
        for path in sorted(page.rglob("*.html")):
            parts = path.relative_to(page).with_suffix("").parts
            yield "-".join(parts[:-1] if len(parts) > 1 and parts[-1] == "index" else parts), path


def columns(picture: Image.Image) -> Image.Image:
    """A tall picture as columns side by side."""
    tops = range(0, picture.height, COLUMN)
    if len(tops) == 1:
        return picture
    size = (len(tops) * (picture.width + GAP) - GAP, COLUMN)
    made = Image.new("RGB", size, "white")
    for number, top in enumerate(tops):
        part = picture.crop((0, top, picture.width, min(top + COLUMN, picture.height)))
        made.paste(part, (number * (picture.width + GAP), 0))
    return made


if __name__ == "__main__":
    main()
