"""Compute what a model folder's encoder sees in MomentWorld, for `momentvos.systems.domain`.

python tools/domain_statistics.py tgl-mini momentseg-mini vrshq-mini

Prototypes are of frames of train scenes in many sizes, shapes and qualities, the limit is of val
scenes. They go into `domain.safetensors` beside the weights, and the distances are printed.
"""

import argparse
import io
import math
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor

import momentvos
from momentvos.data.dense_clips import dense_scene
from momentvos.data.options import ClipOptions, DataOptions
from momentvos.data.world import render, scene
from momentvos.media.arrays import ArrayVideo
from momentvos.propagation.feature_cache import FeatureCache
from momentvos.systems.domain import DomainCheck, Prototypes, local_features, spread
from momentvos.systems.pretrained import locate
from momentvos.systems.session import Request

PROTOTYPES = (128, 256)
"""Of each stage."""
CELLS = 60_000
"""Cells of each stage that prototypes are chosen from."""
SIZES = (96, 128, 160, 192, 256, 384, 512)
MARGIN = 1.2
"""The limit is the largest distance on val times this: half the way, by ratio, to noise."""
RIDGE = 0.01
"""Of the mean variance, added to each before whitening."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("models", nargs="+", help="bundled names or model folders")
    parser.add_argument("--train", type=int, default=600, help="scenes of train")
    parser.add_argument("--dense", type=int, default=60, help="dense scenes beside them")
    parser.add_argument("--val", type=int, default=200, help="videos of val")
    options = parser.parse_args()
    torch.set_num_threads(1)
    for name in options.models:
        folder = Path(locate(name))
        model = momentvos.load(folder, device="cpu")
        check = fit(model, options.train, options.dense)
        far = sorted(check.distance(cache(model, video)) for video in videos("val", options.val))
        limit = MARGIN * far[-1]
        DomainCheck(check.stages, limit).save(folder)
        print(
            f"{name}: val median {far[len(far) // 2]:.2f}, 99 % {far[int(0.99 * len(far))]:.2f}, "
            f"largest {far[-1]:.2f}, limit {limit:.2f}",
            flush=True,
        )


def fit(model: momentvos.System, train: int, dense: int) -> DomainCheck:
    """Prototypes of the first stages, whitened and scaled; no limit yet."""
    rng = np.random.default_rng(0)
    frames = [one for number in range(train) for one in pictures(scene(number, "train"), rng)]
    many = DataOptions(size=192, dense=20)
    for _ in range(dense):
        frames += pictures(dense_scene(rng, many, ClipOptions(frames=8)), rng)
    rows = [
        local_features(cache(model, ArrayVideo(one[None], 1.0)), [0], len(PROTOTYPES))
        for one in frames
    ]
    return DomainCheck(
        tuple(prototypes([one[n] for one in rows], PROTOTYPES[n]) for n in range(len(PROTOTYPES))),
        math.inf,
    )


def prototypes(rows: list[Tensor], count: int) -> Prototypes:
    """Of the cells [1, M, C] of many frames, so scaled that the median frame is at distance 1."""
    generator = torch.Generator().manual_seed(0)
    share = -(-CELLS // len(rows))
    cells = torch.cat(
        [one[0, torch.randperm(one.shape[1], generator=generator)[:share]] for one in rows]
    )
    mean = cells.mean(0)
    spread_of = torch.cov((cells - mean).T)
    ridge = RIDGE * spread_of.trace() / len(mean)
    whitening = torch.linalg.cholesky(torch.linalg.inv(spread_of + ridge * torch.eye(len(mean))))
    chosen = kmeans((cells - mean) @ whitening, count, generator)
    made = Prototypes(mean, whitening, chosen)
    one_stage = DomainCheck((made,), math.inf)
    scale = torch.cat([one_stage.frame_distances([one]) for one in rows]).median()
    return Prototypes(mean, whitening / scale, chosen / scale)


def kmeans(cells: Tensor, count: int, generator: torch.Generator, rounds: int = 20) -> Tensor:
    centres = cells[torch.randperm(len(cells), generator=generator)[:count]].clone()
    for _ in range(rounds):
        nearest = torch.cdist(cells, centres).argmin(1)
        sizes = torch.bincount(nearest, minlength=count)
        sums = torch.zeros_like(centres).index_add_(0, nearest, cells)
        used = sizes > 0
        centres[used] = sums[used] / sizes[used, None]
    return centres


def pictures(world, rng: np.random.Generator) -> list[np.ndarray]:
    """Two frames of a scene as users may have them: of many sizes, cropped, or lossy."""
    size = int(rng.choice(SIZES))
    frames, _ = render(world, sorted(rng.integers(0, world.length, 2)), size)
    height, width = size, size
    if rng.random() < 0.2:
        height = int(size * rng.uniform(0.5, 1))
    elif rng.random() < 0.2:
        width = int(size * rng.uniform(0.5, 1))
    top, left = (size - height) // 2, (size - width) // 2
    kept = [one[top : top + height, left : left + width] for one in frames]
    if rng.random() < 0.4:
        kept = [lossy(one, int(rng.integers(40, 96))) for one in kept]
    return kept


def lossy(rgb: np.ndarray, quality: int) -> np.ndarray:
    data = io.BytesIO()
    Image.fromarray(rgb).save(data, "JPEG", quality=quality)
    return np.array(Image.open(data))


def videos(split: str, count: int) -> Iterator[ArrayVideo]:
    """Frames of scenes that are looked at, in all sizes by turns."""
    for number in range(count):
        world = scene(number, split)
        frames, _ = render(world, spread(world.length), SIZES[number % len(SIZES)])
        yield ArrayVideo(frames, world.fps)


def cache(model: momentvos.System, video: ArrayVideo) -> FeatureCache:
    """The model's own cache of a video, as its sessions make it."""
    return model.open_session(Request(video, ["a thing"], [None], model.config)).cache


if __name__ == "__main__":
    main()
