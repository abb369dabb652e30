"""Draw a result folder as one picture: frames of the overlay above its timeline.

python tools/make_picture.py outputs/demo docs/images/demo.png
"""

import argparse
from pathlib import Path

import numpy as np
from PIL import Image

from momentvos.media import Video


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="written by momentvos run")
    parser.add_argument("picture", type=Path)
    parser.add_argument("--frames", type=int, default=4)
    options = parser.parse_args()

    video = Video.open(options.folder / "overlay.mp4")
    numbers = np.linspace(0, len(video) - 1, options.frames + 2).round().astype(int)[1:-1]
    frames = [Image.fromarray(frame.rgb) for frame in video.read(numbers.tolist())]
    timeline = Image.open(options.folder / "timeline.png").convert("RGB")

    width = timeline.width
    cell = width // options.frames
    height = round(cell * frames[0].height / frames[0].width)
    sheet = Image.new("RGB", (width, height + timeline.height), "white")
    for place, frame in enumerate(frames):
        sheet.paste(frame.resize((cell - 4, height)), (place * cell + 2, 0))
    sheet.paste(timeline, (0, height))
    options.picture.parent.mkdir(parents=True, exist_ok=True)
    sheet.save(options.picture)


if __name__ == "__main__":
    main()
