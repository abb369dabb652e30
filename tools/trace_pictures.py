"""Draw docs/images/trace-*.webp: what each role of a tracks system does, from a real `--trace`.

python tools/trace_pictures.py

The video is a scene of MomentWorld. Objects are detected by their true masks, under the noun that
the words ask for; SAM2 of tgl-mini tracks them; a server on this machine answers the questions
from ground truth, over HTTP (`benchmarks/tracks.py`). The pictures are those of the trace.
"""

from __future__ import annotations

import re
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "benchmarks"))
from truth_server import serving  # noqa: E402

import momentvos  # noqa: E402
from momentvos.evaluation.scenes import SceneSample, WorldSource  # noqa: E402
from momentvos.mllm.endpoint import Endpoint  # noqa: E402
from momentvos.systems.tracks.config import TracksConfig  # noqa: E402
from momentvos.systems.tracks.crops import box_of  # noqa: E402
from momentvos.systems.tracks.detectors import Detection  # noqa: E402
from momentvos.systems.tracks.model import TracksModel  # noqa: E402
from momentvos.systems.tracks.parts import Parts  # noqa: E402
from momentvos.systems.tracks.selectors.chat import ChatPart  # noqa: E402
from momentvos.systems.tracks.words import RuleReader  # noqa: E402

SCENE, SIZE = 5001, 384
SENTENCES = (1, 4)
"""Of the scene: one with a target, one whose noun is there and whose target is not."""
GAP, LINE = 8, 20
_CHAPTER = re.compile(r"<h2>(.*?)</h2>")
_PICTURE = re.compile(r'<img src="([^"]+)" alt="([^"]*)"')


class NamedTruth:
    """Detects the objects of a scene that are of the category asked for, by their true masks."""

    def __init__(self, sample: SceneSample) -> None:
        drawing = sample.drawing
        pairs = zip(drawing.frames, drawing.ids, strict=True)
        self.ids = {rgb.tobytes(): ids for rgb, ids in pairs}
        self.categories = [one.category for one in sample.scene.objects]

    def __call__(
        self, frames: Sequence[NDArray[np.uint8]], phrases: Sequence[str]
    ) -> list[list[Detection]]:
        return [self._of(self.ids[rgb.tobytes()], phrases) for rgb in frames]

    def _of(self, ids: NDArray[np.uint8], phrases: Sequence[str]) -> list[Detection]:
        made = []
        for number, category in enumerate(self.categories, start=1):
            mask = ids == number
            if category in phrases and mask.any():
                left, top, right, bottom = map(float, box_of(mask))
                made.append(Detection((left, top, right, bottom), {category: 1.0}, mask))
        return made


def main() -> None:
    group = next(iter(WorldSource(SCENE, SIZE).videos("test", 1)))
    chosen = [group[number] for number in SENTENCES]
    with tempfile.TemporaryDirectory() as folder:
        trace = Path(folder) / "trace"
        answer(group, chosen, trace)
        chapters = read(trace)
        images = ROOT / "docs" / "images"
        names = ("detector", "tracker", "selector", "moment", "none")
        for name, picture in zip(names, composed(chapters), strict=True):
            path = images / f"trace-{name}.webp"
            picture.save(path, quality=85, method=6)
            print(f"{path.relative_to(ROOT)}: {picture.size}, {path.stat().st_size >> 10} KiB")


def answer(group: Sequence[SceneSample], chosen: Sequence[SceneSample], trace: Path) -> None:
    """Ask the system, and keep its trace."""
    video = group[0].video()
    tgl = momentvos.load("tgl-mini", device="cpu")
    config = TracksConfig(
        tracker={"kind": "sam2", "single_mask": True},
        rate=8.0,
        guided_radius=tgl.config.guided_radius,
        keyframe_seconds=0.5,
    )
    with serving() as server:
        server.show(group)
        selector = ChatPart(Endpoint(server.url, "truth", most_tokens=10**9), 0.5)
        parts = Parts(RuleReader(), NamedTruth(group[0]), tgl.sam, selector)
        asked = [one.sentence for one in chosen]
        for one in TracksModel(config, parts).segment(video, asked, trace=trace):
            print(one.sentence, one.found, one.moment.spans, one.notes)


def read(trace: Path) -> dict[str, list[tuple[str, Image.Image]]]:
    """By chapter, captions and pictures."""
    page = (trace / "index.html").read_text("utf-8")
    parts = _CHAPTER.split(page)[1:]
    return {
        title: [
            (caption, Image.open(trace / name).convert("RGB"))
            for name, caption in _PICTURE.findall(text)
        ]
        for title, text in zip(parts[::2], parts[1::2], strict=True)
    }


def composed(chapters: dict[str, list[tuple[str, Image.Image]]]) -> list[Image.Image]:
    """One picture for each role."""
    by_role = {title.partition(":")[0]: pictures for title, pictures in chapters.items()}
    selectors = [pictures for title, pictures in chapters.items() if title.startswith("Selector")]
    asked = [one for one in selectors[0] if one[0].startswith("Frame")]
    curve = next(one for one in selectors[0] if one[0].startswith("Moment"))
    none = [one for one in selectors[1] if one[0].startswith(("Frame", "Candidate"))]
    return [
        grid(by_role["Detector"], 3),
        grid(by_role["Tracker"], 3),
        grid([asked[place] for place in (0, 3, 6, 9, 12, 15)], 3),
        grid([curve], 1),
        grid([none[place] for place in (4, 8, 12)], 3),
    ]


def grid(pictures: Sequence[tuple[str, Image.Image]], columns: int) -> Image.Image:
    """Pictures above their captions, in rows."""
    width, height = pictures[0][1].size
    rows = -(-len(pictures) // columns)
    size = (columns * (width + GAP) - GAP, rows * (height + LINE + GAP) - GAP)
    made = Image.new("RGB", size, (255, 255, 255))
    pen, font = ImageDraw.Draw(made), ImageFont.load_default(size=15)
    for number, (caption, picture) in enumerate(pictures):
        x, y = number % columns * (width + GAP), number // columns * (height + LINE + GAP)
        made.paste(picture, (x, y))
        pen.text((x + 2, y + height + 2), caption, fill=(90, 90, 90), font=font)
    return made


if __name__ == "__main__":
    main()
