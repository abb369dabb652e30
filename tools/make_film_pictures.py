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
from urllib.parse import urlsplit
from urllib.request import url2pathname

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
from matplotlib.offsetbox import AnnotationBbox, OffsetImage
from matplotlib.patches import Rectangle

from momentvos import Prediction, Video
from momentvos.evaluation.scenes import WorldSource

IMAGES = Path(__file__).parents[1] / "docs" / "images"
SIZE = 400
SMALL = 260
"""Pixels of the clip's side, and of a picture of four in a row."""
THUMBNAIL = 116
"""Pixels of a side of a clip's frame in a timeline."""
INK, CLIP, EDGE, MARKER = "#1d232b", "#cfd9e8", "#8496b0", "#ff3d7f"


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
    small = [np.asarray(Image.fromarray(one).resize((SMALL, SMALL))) for one in pictures]
    return grid(small, ["clip.mp4", "matte", "alpha", "alpha above another picture"], 4)


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
    """Timelines as an editor shows them: clips in a row, markers above."""
    figure = Figure((9.6, 3.5), dpi=125)
    titles = ("--to otio: every clip, with a marker at each moment", "--moment-only: a rough cut")
    for axes, path, title in zip(figure.subplots(len(paths), 1), paths, titles, strict=True):
        draw(axes, path)
        axes.set_title(title, loc="left", fontsize=10, color=INK)
    figure.tight_layout()
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    return Image.fromarray(np.asarray(canvas.buffer_rgba())).convert("RGB")


def draw(axes: Axes, path: Path) -> None:
    """The video track of an .otio file, with a frame of each clip."""
    end = 0.0
    for start, clip in video_clips(otio.adapters.read_from_file(str(path))):
        shown = clip.trimmed_range()
        end = start + shown.duration.to_seconds()
        axes.add_patch(Rectangle((start, 0), end - start, 1, facecolor=CLIP, edgecolor=EDGE))
        marked = [marker.marked_range for marker in clip.markers]
        for one in marked:
            place = (start + (one.start_time - shown.start_time).to_seconds(), 1.1)
            axes.add_patch(Rectangle(place, one.duration.to_seconds(), 0.22, facecolor=MARKER))
        middle = [*marked, shown][0]
        picture = OffsetImage(thumbnail(clip, middle), zoom=0.72 * 58 / THUMBNAIL)
        left = AnnotationBbox(
            picture, (start, 0.5), box_alignment=(-0.04, 0.5), frameon=False, pad=0
        )
        axes.add_artist(left)
        name = clip.name.partition(":")[0]
        axes.annotate(
            name, (start, 0.5), (62, 0), textcoords="offset points", va="center", color=INK
        )
    axes.set(xlim=(0, end * 1.002), ylim=(-0.1, 1.5), yticks=[])
    axes.tick_params(labelsize=8, colors=INK)
    axes.xaxis.set_major_formatter("{x:g} s")
    for side in ("left", "right", "top", "bottom"):
        axes.spines[side].set_visible(False)


def thumbnail(clip: otio.schema.Clip, span: otio.opentime.TimeRange) -> NDArray[np.uint8]:
    """The middle frame of a part of a clip."""
    path = Path(url2pathname(urlsplit(clip.media_reference.target_url).path))
    video = Video.open(path)
    half = otio.opentime.RationalTime(span.duration.value / 2, span.duration.rate)
    start = clip.available_range().start_time
    second = (span.start_time + half - start).to_seconds()
    (one,) = video.read([min(int(second * video.fps), len(video) - 1)])
    small = Image.fromarray(one.rgb).resize((THUMBNAIL, THUMBNAIL), Image.Resampling.LANCZOS)
    return np.asarray(small)


def video_clips(timeline: otio.schema.Timeline) -> Iterator[tuple[float, otio.schema.Clip]]:
    """Clips of the first video track, with the seconds at which they begin."""
    track: Sequence[otio.schema.Clip] = timeline.video_tracks()[0]
    for clip in track:
        yield track.range_of_child(clip).start_time.to_seconds(), clip


if __name__ == "__main__":
    main()
