"""Draw docs/images/film-*.webp for the tutorial of film editors, from exported files.

python tools/make_film_pictures.py

The clip is the scene of README's first picture (tools/make_hero.py, which refuses a scene on which
the model is wrong), the timelines are about the clips of tools/make_batch_picture.py. Every frame
and every bar is read back from the exported file.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray
from PIL import Image

sys.path.insert(0, str(Path(__file__).parent))
import opentimelineio as otio
from make_batch_picture import batch, clips
from make_gallery import grid
from make_hero import EXPRESSION, SCENE, check
from make_sample import write
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from momentvos import Prediction, Video
from momentvos.evaluation.scenes import WorldSource

IMAGES = Path(__file__).parents[1] / "docs" / "images"
SIZE = 400
"""Pixels of the clip's side."""
INK, CLIP, EDGE = "#1d232b", "#cfd9e8", "#8496b0"


def main() -> None:
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        group = next(iter(WorldSource(SCENE, SIZE).videos("test", 1)))
        sample = group[EXPRESSION]
        write(sample.scene, folder / "clip.mp4", SIZE)
        run(folder, "run", "clip.mp4", sample.sentence, "-o", "out", "-q")
        answer = Prediction.load(folder / "out")
        check(sample, answer)
        run(folder, "export", "out", "--to", "matte", "-o", "hard.mov")
        run(folder, "export", "out", "--to", "matte", "-o", "soft.mov", "--feather", "6")
        run(folder, "export", "out", "--to", "alpha", "-o", "alpha.mov", "--feather", "3")
        index = answer.moment.frames()[len(answer.moment) // 2]
        save("film-matte", mattes(folder, index))
        save("film-edges", edges(folder, index, answer))

        clips(folder / "clips")
        subprocess.run(batch(), cwd=folder, check=True)
        run(folder, "export", "out/results", "--to", "otio", "-o", "marked.otio")
        run(folder, "export", "out/results", "--to", "otio", "-o", "cut.otio", "--moment-only")
        save("film-timeline", timelines(folder / "marked.otio", folder / "cut.otio"))


def run(folder: Path, *words: str) -> None:
    subprocess.run([sys.executable, "-m", "momentvos", *words], cwd=folder, check=True)


def save(name: str, picture: Image.Image) -> None:
    path = IMAGES / f"{name}.webp"
    picture.save(path, quality=88, method=6)
    print(f"{path.name}: {picture.size}, {path.stat().st_size >> 10} KiB")


def frame(path: Path, index: int) -> NDArray[np.uint8]:
    """A frame of a video, RGB."""
    return next(iter(Video.open(path).read([index]))).rgb


def with_alpha(path: Path, index: int) -> NDArray[np.float64]:
    """A frame of a video that has an alpha channel, RGBA 0..1."""
    with av.open(str(path)) as file:
        for number, one in enumerate(file.decode(video=0)):
            if number == index:
                return one.to_ndarray(format="rgba64le") / 65535
    raise IndexError(index)


def mattes(folder: Path, index: int) -> Image.Image:
    """One frame as it is, as a matte, with alpha, and above another background."""
    rgba = with_alpha(folder / "alpha.mov", index)
    pictures = [
        frame(folder / "clip.mp4", index),
        frame(folder / "hard.mov", index),
        above(rgba, checks(SIZE)),
        above(rgba, sky(SIZE)),
    ]
    return grid(pictures, ["clip.mp4", "matte", "alpha", "alpha above another picture"], 4)


def edges(folder: Path, index: int, answer: Prediction) -> Image.Image:
    """The matte of one frame, hard and soft, from near."""
    box = answer.boxes()[index]
    assert box is not None
    left, top, right, bottom = box
    side = max(right - left, bottom - top) + 24
    x, y = (left + right - side) // 2, (top + bottom - side) // 2
    area = (x, y, x + side, y + side)
    near = [
        np.asarray(
            Image.fromarray(frame(folder / name, index))
            .crop(area)
            .resize((SIZE, SIZE), Image.Resampling.NEAREST)
        )
        for name in ("hard.mov", "soft.mov")
    ]
    return grid(near, ["as it is", "--feather 6"], 2)


def above(rgba: NDArray[np.float64], ground: NDArray[np.float64]) -> NDArray[np.uint8]:
    """A picture with straight alpha above another one."""
    opacity = rgba[..., 3:]
    return ((rgba[..., :3] * opacity + ground * (1 - opacity)) * 255).round().astype(np.uint8)


def checks(side: int) -> NDArray[np.float64]:
    """The chequered ground that stands for transparency."""
    rows, columns = np.indices((side, side)) // 16
    return np.where((rows + columns) % 2, 0.78, 0.94)[..., None] * np.ones(3)


def sky(side: int) -> NDArray[np.float64]:
    """A background of one's own: an evening."""
    high, low = np.array([0.16, 0.2, 0.42]), np.array([0.98, 0.68, 0.45])
    share = np.linspace(0, 1, side)[:, None, None]
    return (high * (1 - share) + low * share) * np.ones((1, side, 1))


def timelines(*paths: Path) -> Image.Image:
    """Timelines as an editor shows them: clips in a row, markers in their colours above."""
    figure = Figure((9.6, 3.4), dpi=125)
    titles = ("--to otio: every clip, with a marker at each moment", "--moment-only: a rough cut")
    rows = figure.subplots(len(paths), 1, sharex=True)
    for axes, path, title in zip(rows, paths, titles, strict=True):
        draw(axes, path)
        axes.set_title(title, loc="left", fontsize=10, color=INK)
    rows[-1].set_xlabel("seconds", fontsize=9, color=INK)
    figure.tight_layout()
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    return Image.fromarray(np.asarray(canvas.buffer_rgba())).convert("RGB")


def draw(axes: Axes, path: Path) -> None:
    """The video track of an .otio file."""
    for start, clip in video_clips(otio.adapters.read_from_file(str(path))):
        length = clip.duration().to_seconds()
        axes.add_patch(Rectangle((start, 0), length, 1, facecolor=CLIP, edgecolor=EDGE))
        short = clip.name.partition(":")[0]
        axes.text(start + 0.06, 0.12, short, fontsize=8, color=INK, clip_on=True)
        for marker in clip.markers:
            first = marker.marked_range.start_time - clip.trimmed_range().start_time
            place = (start + first.to_seconds(), 1.08)
            wide = marker.marked_range.duration.to_seconds()
            axes.add_patch(Rectangle(place, wide, 0.34, facecolor="#ff3d7f", linewidth=0))
            axes.text(place[0], 1.52, marker.name, fontsize=7, color=INK)
    axes.set(xlim=(-0.1, 16.6), ylim=(-0.1, 1.9), yticks=[])
    axes.tick_params(labelsize=8, colors=INK)
    for side in ("left", "right", "top"):
        axes.spines[side].set_visible(False)


def video_clips(timeline: otio.schema.Timeline) -> Iterator[tuple[float, otio.schema.Clip]]:
    """Clips of the first video track, with the seconds at which they begin."""
    track: Sequence[otio.schema.Clip] = timeline.video_tracks()[0]
    for clip in track:
        yield track.range_of_child(clip).start_time.to_seconds(), clip


if __name__ == "__main__":
    main()
