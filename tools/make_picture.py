"""Draw result folders as one picture, as the pages of this repository show them.

One folder: frames of its overlay above its timeline; with --splash, frames of its moment in grey
with the object in colour; with --plot, what `prediction.plot()` draws. Several folders: from each
the middle frame of its moment.

python tools/make_picture.py outputs/demo docs/images/demo.png
python tools/make_picture.py outputs/demo docs/images/splash.png --splash samples/demo.mp4
python tools/make_picture.py outputs/demo docs/images/plot.png --plot
python tools/make_picture.py out/* outputs/folder.png
"""

import argparse
from pathlib import Path

import numpy as np
from PIL import Image

from momentvos import Prediction, Video

GAP = 4


def row(pictures: list[Image.Image], width: int) -> Image.Image:
    """Pictures side by side, together of that width."""
    cell = width // len(pictures)
    height = max(round((cell - GAP) * one.height / one.width) for one in pictures)
    sheet = Image.new("RGB", (width, height), "white")
    for place, picture in enumerate(pictures):
        size = (cell - GAP, round((cell - GAP) * picture.height / picture.width))
        small = picture.resize(size, Image.Resampling.LANCZOS)
        sheet.paste(small, (place * cell + GAP // 2, 0))
    return sheet


def overlay(folder: Path, numbers: list[int]) -> list[Image.Image]:
    """Frames of a folder's overlay by their numbers."""
    video = Video.open(folder / "overlay.mp4")
    return [Image.fromarray(frame.rgb) for frame in video.read(numbers)]


def with_timeline(folder: Path, count: int) -> Image.Image:
    """Frames at equal distances above the timeline."""
    length = Prediction.load(folder).video.length
    numbers = np.linspace(0, length - 1, count + 2).round().astype(int)[1:-1]
    timeline = Image.open(folder / "timeline.png").convert("RGB")
    frames = row(overlay(folder, numbers.tolist()), timeline.width)
    sheet = Image.new("RGB", (timeline.width, frames.height + timeline.height), "white")
    sheet.paste(frames, (0, 0))
    sheet.paste(timeline, (0, frames.height))
    return sheet


def splash(folder: Path, video: Path, count: int, width: int) -> Image.Image:
    """Frames of the moment in grey, with the object in colour."""
    prediction = Prediction.load(folder)
    inside = np.flatnonzero(prediction.moment.flags(prediction.video.length))
    chosen = inside[np.linspace(0, len(inside) - 1, count).round().astype(int)]
    pictures = []
    for frame in Video.open(video).read(chosen.tolist()):
        grey = frame.rgb.mean(axis=2, keepdims=True).astype(np.uint8)
        mask = prediction.masklet.get(frame.index)[..., None]
        pictures.append(Image.fromarray(np.where(mask, frame.rgb, grey)))
    return row(pictures, width)


def side_by_side(folders: list[Path], width: int) -> Image.Image:
    """The middle frame of each folder's moment, or of its video where the target is not found."""
    pictures = []
    for folder in folders:
        prediction = Prediction.load(folder)
        frames = np.flatnonzero(prediction.moment.flags(prediction.video.length))
        middle = int(frames[len(frames) // 2]) if len(frames) else prediction.video.length // 2
        pictures += overlay(folder, [middle])
    return row(pictures, width)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folders", type=Path, nargs="+", help="written by momentvos run")
    parser.add_argument("picture", type=Path)
    parser.add_argument("--frames", type=int, default=4)
    parser.add_argument("--width", type=int, default=1000)
    parser.add_argument("--splash", type=Path, metavar="VIDEO", help="what the folder is about")
    parser.add_argument("--plot", action="store_true", help="the figure of `prediction.plot()`")
    options = parser.parse_args()

    options.picture.parent.mkdir(parents=True, exist_ok=True)
    if options.plot:
        Prediction.load(options.folders[0]).plot(frames=options.frames).savefig(options.picture)
        return
    if len(options.folders) > 1:
        sheet = side_by_side(options.folders, options.width)
    elif options.splash:
        sheet = splash(options.folders[0], options.splash, options.frames, options.width)
    else:
        sheet = with_timeline(options.folders[0], options.frames)
    sheet.save(options.picture, optimize=True)


if __name__ == "__main__":
    main()
