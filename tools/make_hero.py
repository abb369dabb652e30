"""Draw a result folder as one moving picture: the video beside what was made of it.

python tools/make_hero.py samples/demo.mp4 outputs/demo docs/images/demo.webp
"""

import argparse
from dataclasses import replace
from pathlib import Path

import numpy as np
from PIL import Image

from momentvos import Masklet, Prediction, Video
from momentvos.results.overlay import Overlay

GAP = 8


def enlarge(prediction: Prediction, width: int, height: int) -> Prediction:
    """Scale a prediction's masks, with smooth edges, so that its overlay is sharp at that size."""
    masks = Masklet((height, width))
    for index in range(prediction.video.length):
        mask = Image.fromarray(prediction.masklet.get(index).astype(np.uint8) * 255)
        masks.set(index, np.asarray(mask.resize((width, height), Image.Resampling.BICUBIC)) > 127)
    return replace(
        prediction, video=replace(prediction.video, width=width, height=height), masklet=masks
    )


def pairs(video: Video, prediction: Prediction, height: int) -> list[Image.Image]:
    """Return one picture per frame: the video on the left, the overlay on the right."""
    width = round(height * prediction.video.width / prediction.video.height)
    large = enlarge(prediction, width, height)
    overlay = Overlay(large)
    pictures = []
    for frame in video.frames():
        left = Image.fromarray(frame.rgb).resize((width, height), Image.Resampling.BICUBIC)
        right = overlay.draw(np.asarray(left), large.masklet.get(frame.index), frame.index)
        sheet = Image.new("RGB", (2 * width + GAP, height), "white")
        sheet.paste(left, (0, 0))
        sheet.paste(Image.fromarray(right), (width + GAP, 0))
        pictures.append(sheet)
    return pictures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("video", type=Path)
    parser.add_argument("folder", type=Path, help="written by momentvos run")
    parser.add_argument("picture", type=Path, help="a .webp or .gif file")
    parser.add_argument("--height", type=int, default=400)
    parser.add_argument("--slow", type=float, default=1.5, help="times slower than the video")
    options = parser.parse_args()

    video = Video.open(options.video)
    first, *others = pairs(video, Prediction.load(options.folder), options.height)
    durations = [round(1000 * options.slow * seconds) for seconds in video.durations]
    durations[-1] += 1000  # a rest before it begins again
    options.picture.parent.mkdir(parents=True, exist_ok=True)
    first.save(
        options.picture,
        save_all=True,
        append_images=others,
        duration=durations,
        loop=0,
        quality=80,
        method=6,
    )


if __name__ == "__main__":
    main()
