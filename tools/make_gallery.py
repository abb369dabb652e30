"""Draw docs/images/gallery-*.webp and write docs/gallery.md, which shows them.

python tools/make_gallery.py

Everything is drawn by the product: what the bundled model answers about the scene of README's
first picture (tools/make_hero.py, which refuses a scene on which the model is wrong), and the
sheets of `data show` and `world show`.
"""

# ruff: noqa: E501  (lines of the page)
from __future__ import annotations

import io
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

sys.path.insert(0, str(Path(__file__).parent))
from make_hero import EXPRESSION, SCENE, SIZE, check, enlarged

import momentvos
from momentvos import Prediction
from momentvos.data.formats import preview
from momentvos.data.world.contact_sheet import save_sheet
from momentvos.evaluation.pictures import strip
from momentvos.evaluation.scenes import WorldSource
from momentvos.media.arrays import ArrayVideo
from momentvos.results.caption import font_for
from momentvos.results.overlay import Overlay
from momentvos.results.styles import STYLES

ROOT = Path(__file__).parents[1]
IMAGES = ROOT / "docs" / "images"
SIDE, GAP, LINE = 400, 6, 22

TEXTS = {
    "highlight": "contour, a light fill, and dimmed surroundings: the default",
    "contour": "a line around the object, and nothing else",
    "fill": "the line, and the object in its colour",
    "spotlight": "the object in its own colours, all else dark and grey",
    "blur": "the object sharp, all else out of focus",
    "cutout": "the object alone on a light ground",
}


def main() -> None:
    model = momentvos.load("tgl-mini")
    group = next(iter(WorldSource(SCENE, SIZE).videos("test", 1)))
    sentences = [one.sentence for one in group if one.targets]
    answers = dict(zip(sentences, model.segment(group[0].video(), sentences), strict=True))
    sample = group[EXPRESSION]
    answer = answers[sample.sentence]
    check(sample, answer)
    video = next(iter(WorldSource(SCENE, SIDE).videos("test", 1)))[0].video()
    large = enlarged(answer, SIDE)
    inside = answer.moment.frames()[len(answer.moment) // 2]
    save("styles", styles(video, large, inside))
    save("moment", over_time(video, large))
    others = [group[place].sentence for place in (0, 1)]
    save("together", together(video, [enlarged(answers[text], SIDE) for text in others]))
    save("sizes", sizes(group[0].video(), answer, inside))
    save("data-show", preview.draw(sample, 4))
    save("report", Image.open(io.BytesIO(strip(sample, answer.masklet, 5, 160))))
    with tempfile.TemporaryDirectory() as folder:
        sheet = Image.open(save_sheet(Path(folder) / "sheet.png", SCENE, "test")).convert("RGB")
        save("world-show", sheet)
    (ROOT / "docs" / "gallery.md").write_text(page(sample.sentence, others), encoding="utf-8")


def save(name: str, picture: Image.Image) -> None:
    path = IMAGES / f"gallery-{name}.webp"
    picture.save(path, quality=88, method=6)
    print(f"{path.relative_to(ROOT)}: {picture.size}, {path.stat().st_size >> 10} KiB")


def styles(video: ArrayVideo, answer: Prediction, index: int) -> Image.Image:
    """One frame in each style, above its name."""
    (frame,) = video.read([index])
    mask = answer.masklet.get(index)
    drawn = [
        Overlay(answer, style, video=video, caption=False).draw(frame.rgb, mask, index)
        for style in STYLES
    ]
    return grid(drawn, list(STYLES), 3)


def over_time(video: ArrayVideo, answer: Prediction) -> Image.Image:
    """Frames before and in the moment."""
    overlay = Overlay(answer, video=video)
    ((first, last), *_) = answer.moment.spans
    chosen = [first // 3, first - 2, first + 1, last]
    return grid([drawn(overlay, video, [answer], index) for index in chosen], [], 4)


def together(video: ArrayVideo, answers: Sequence[Prediction]) -> Image.Image:
    """Frames in the moment of each sentence."""
    overlay = Overlay(answers, video=video)
    chosen = [one.moment.frames()[len(one.moment) // 2] for one in answers]
    return grid([drawn(overlay, video, answers, index) for index in sorted(chosen)], [], 2)


def drawn(
    overlay: Overlay, video: ArrayVideo, answers: Sequence[Prediction], index: int
) -> np.ndarray:
    (frame,) = video.read([index])
    return overlay.draw(frame.rgb, [one.masklet.get(index) for one in answers], index)


def sizes(video: ArrayVideo, answer: Prediction, index: int) -> Image.Image:
    """The same frame at 360, 200 and 64 pixels, each with its panel."""
    (frame,) = video.read([index])
    pictures = []
    for side in (360, 200, 64):
        small = enlarged(answer, side)
        rgb = np.asarray(Image.fromarray(frame.rgb).resize((side, side), Image.Resampling.BICUBIC))
        pictures.append(Overlay(small, video=None).draw(rgb, small.masklet.get(index), index))
    height = max(len(one) for one in pictures)
    sheet = Image.new("RGB", (sum(one.shape[1] + GAP for one in pictures) - GAP, height), "white")
    left = 0
    for one in pictures:
        sheet.paste(Image.fromarray(one), (left, 0))
        left += one.shape[1] + GAP
    return sheet


def grid(pictures: Sequence[np.ndarray], names: Sequence[str], columns: int) -> Image.Image:
    """Pictures of one size in rows, above their names."""
    height, width = pictures[0].shape[:2]
    line = LINE if names else 0
    rows = -(-len(pictures) // columns)
    size = (columns * (width + GAP) - GAP, rows * (height + line + GAP) - GAP)
    sheet = Image.new("RGB", size, "white")
    pen, font = ImageDraw.Draw(sheet), font_for("", 16)
    for number, picture in enumerate(pictures):
        x, y = number % columns * (width + GAP), number // columns * (height + line + GAP)
        sheet.paste(Image.fromarray(picture), (x, y))
        if names:
            pen.text((x + 2, y + height + 2), names[number], (60, 60, 60), font)
    return sheet


def page(sentence: str, others: Sequence[str]) -> str:
    rows = "\n".join(f"| `{name}` | {text} |" for name, text in TEXTS.items())
    quoted = " ".join(f'"{text}"' for text in others)
    return f"""# Gallery

What `momentvos run` and its neighbours draw. `python tools/make_gallery.py` makes this page and its pictures; the
answers are those of `tgl-mini` about a test scene of MomentWorld on which it is right. Two fish are alike; the
sentence means one of them, for a while.

## Styles

```console
$ momentvos run clip.mp4 "{sentence}" --style spotlight -o out
```

![One frame in six styles](images/gallery-styles.webp)

| style | inside the moment |
|---|---|
{rows}

In Python: `prediction.save("out", style="blur")`, or frame by frame with
[`Overlay`](python.md#overlays).

## Inside and outside the moment

![Four frames: only those inside the moment are dimmed around the fish](images/gallery-moment.webp)

Outside its moment an object keeps a thin contour in every style. Below, the chip is full while the sentence holds, and
the bar shows the moment and the frame.

Colours are chosen once per video from eight that colour-blind people tell apart too, unlike the object and what is
around it. Each line has a second tone, dark or light, so that it is seen on any ground.

## Several sentences in one overlay

```console
$ momentvos run clip.mp4 {quoted} --together -o out
```

![Two frames with two marked fish, and a legend of both sentences](images/gallery-together.webp)

`out/overlay.mp4` shows all of them, beside the folder of each.

## Any size

![The same frame at 360, 200 and 64 pixels](images/gallery-sizes.webp)

Where the shorter side has 480 pixels or more, the panel lies over the lower edge, and the overlay has the size of the
video. Smaller videos, and long legends, get it below the picture, so that nothing is covered. Videos narrower than 96
pixels have bars alone. One image as input gives `overlay.png`.

## Data sets and reports

```console
$ momentvos data show momentworld ROOT VIDEO/EXPRESSION
```

![Four frames with the target's contour, and its moment on a bar](images/gallery-data-show.webp)

```console
$ momentvos world show scene.png --split test --seed {SCENE}
```

![Sixteen frames with numbered objects, and six sentences with their answers](images/gallery-world-show.webp)

`report.html` of [`momentvos eval`](evaluation.md) shows what was answered as a pink line outside of the object, and what
is true as a blue one inside:

![Five frames with both lines](images/gallery-report.webp)
"""


if __name__ == "__main__":
    main()
