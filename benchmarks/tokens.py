"""What the frames of a small multimodal model tell by themselves, before any sentence.

python benchmarks/tokens.py --videos 120

A linear probe (ridge regression) on MomentWorld: of every place that a thing covers well, what is
it called, and how does it look? It is asked of what the vision tower hands over, of what the
language model makes of that, and of SAM2's coarsest features. A quarter of the videos are kept to
be asked.
"""

import argparse
import sys

import numpy as np
import torch

import momentvos
from momentvos.data.world import render, scene
from momentvos.media.arrays import ArrayVideo
from momentvos.mllm import Turn, hidden_states, render_chat, states_at
from momentvos.mllm.chat import PADS
from momentvos.sam2 import encode, to_pixels
from momentvos.sam2.geometry import resize
from momentvos.systems.momentseg.video_context import VideoContext

SIZE = 256
COVERED = 0.2
"""A place shows a thing that covers so much of it."""
KEPT = 4
"""Every so many videos one is asked about."""
RIDGE = 300.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", default="momentseg-mini", help="a MomentSeg, name or folder")
    parser.add_argument("--videos", type=int, default=120)
    parser.add_argument("--split", default="train")
    options = parser.parse_args()
    model = momentvos.load(options.model)
    seen: dict[str, list[np.ndarray]] = {"vision tower": [], "language model": [], "SAM2": []}
    names: dict[str, list[str]] = {name: [] for name in seen}
    looks: dict[str, list[str]] = {name: [] for name in seen}
    asked: dict[str, list[bool]] = {name: [] for name in seen}
    sides: dict[str, tuple[int, ...]] = {}
    for seed in range(options.videos):
        made = scene(seed, options.split)
        frames, ids = (np.asarray(one) for one in render(made, range(made.length), SIZE))
        for name, (states, grid) in read(model, ArrayVideo(frames, made.fps)).items():
            shares = torch.stack([covered(ids, k + 1, grid) for k in range(len(made.objects))])
            shown = (shares.amax(0) > COVERED).numpy()
            things = [made.objects[k] for k in shares.argmax(0)[shown].tolist()]
            sides[name] = grid[1:]
            seen[name].append(states[shown])
            names[name] += [thing.category for thing in things]
            looks[name] += [thing.look for thing in things]
            asked[name] += [seed % KEPT == 0] * len(things)
        print(f"\r{seed + 1} of {options.videos} videos", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    print(f"{options.model} on MomentWorld {options.split}, {options.videos} videos\n")
    print("| places of | grid | name right | by guessing | look right | by guessing |")
    print("|---|---|---:|---:|---:|---:|")
    for name, states in seen.items():
        every, kept = np.concatenate(states), np.array(asked[name])
        rows = [probe(every, labels[name], kept) for labels in (names, looks)]
        figures = " | ".join(f"{100 * share:.1f}" for row in rows for share in row)
        print(f"| {name} | {'x'.join(map(str, sides[name]))} | {figures} |")


@torch.inference_mode()
def read(model, video) -> dict[str, tuple[np.ndarray, tuple[int, int, int]]]:
    """Per part the states [P, D] of a video's places, and their grid (steps, rows, columns)."""
    film = VideoContext.of(model, video)
    inputs = model.inputs([render_chat(model.words, [Turn((film.picture, "\nWhat is there?"))])])
    towers = model.mllm.model.get_video_features(inputs.pixel_values_videos, inputs.video_grid_thw)
    (told,) = states_at(hidden_states(model.mllm, inputs), inputs.ids, model.token(PADS["video"]))
    grid = inputs.grids[0][0]
    frames = torch.from_numpy(np.stack([frame.rgb for frame in video.read(range(len(video)))]))
    side = (model.config.image_size, model.config.image_size)
    tops = [encode(model.sam, to_pixels(resize(part, side))).top for part in frames.split(8)]
    top = torch.cat(tops).float()
    return {
        "vision tower": (torch.cat(list(towers.pooler_output)).numpy(), grid),
        "language model": (told.numpy(), grid),
        "SAM2": (top.flatten(2).transpose(1, 2).flatten(0, 1).numpy(), (len(top), *top.shape[2:])),
    }


def covered(ids: np.ndarray, number: int, grid: tuple[int, int, int]) -> torch.Tensor:
    """How much of each place is of one thing: [P], 0..1."""
    shown = torch.from_numpy(ids == number)[None].float()
    return torch.nn.functional.adaptive_avg_pool3d(shown, grid).flatten()


def probe(states: np.ndarray, labels: list[str], kept: np.ndarray) -> tuple[float, float]:
    """Share of the kept places that are told rightly, and by guessing the most frequent label."""
    known = sorted(set(labels))
    right = np.array([known.index(label) for label in labels])
    spread = states[~kept].std(0).clip(1e-4)
    inputs = np.c_[(states - states[~kept].mean(0)) / spread, np.ones(len(states))]
    learned, wanted = inputs[~kept], np.eye(len(known))[right[~kept]]
    square = learned.T @ learned + RIDGE * np.eye(learned.shape[1])
    said = (inputs[kept] @ np.linalg.solve(square, learned.T @ wanted)).argmax(1)
    often = np.bincount(right[~kept]).argmax()
    return float((said == right[kept]).mean()), float((right[kept] == often).mean())


if __name__ == "__main__":
    main()
