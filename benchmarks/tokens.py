"""Linear probe of a small multimodal model's visual tokens, before any sentence.

python benchmarks/tokens.py --videos 120

Ridge regression on MomentWorld: category and appearance of the object at every patch that one
covers well, from the vision tower's output, from the language model's states at it, and from SAM2's
coarsest features. A quarter of the videos are held out for evaluation.
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
from momentvos.sam2.resize import resize
from momentvos.systems.momentseg.video_context import VideoContext

SIZE = 256
COVERED = 0.2
"""Least share of a patch that its object covers."""
HELD_OUT = 4
"""One of so many videos is held out."""
RIDGE = 300.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", default="momentseg-mini", help="a MomentSeg, name or folder")
    parser.add_argument("--videos", type=int, default=120)
    parser.add_argument("--split", default="train")
    options = parser.parse_args()
    model = momentvos.load(options.model)
    every_state: dict[str, list[np.ndarray]] = {
        "vision tower": [],
        "language model": [],
        "SAM2": [],
    }
    names: dict[str, list[str]] = {name: [] for name in every_state}
    looks: dict[str, list[str]] = {name: [] for name in every_state}
    held_out: dict[str, list[bool]] = {name: [] for name in every_state}
    sides: dict[str, tuple[int, ...]] = {}
    for seed in range(options.videos):
        made = scene(seed, options.split)
        frames, ids = (np.asarray(one) for one in render(made, range(made.length), SIZE))
        for name, (states, grid) in read(model, ArrayVideo(frames, made.fps)).items():
            shares = torch.stack([covered(ids, k + 1, grid) for k in range(len(made.objects))])
            labelled = (shares.amax(0) > COVERED).numpy()
            objects = [made.objects[k] for k in shares.argmax(0)[labelled].tolist()]
            sides[name] = grid[1:]
            every_state[name].append(states[labelled])
            names[name] += [one.category for one in objects]
            looks[name] += [one.look for one in objects]
            held_out[name] += [seed % HELD_OUT == 0] * len(objects)
        print(f"\r{seed + 1} of {options.videos} videos", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    print(f"{options.model} on MomentWorld {options.split}, {options.videos} videos\n")
    print("| places of | grid | name right | by guessing | look right | by guessing |")
    print("|---|---|---:|---:|---:|---:|")
    for name, states in every_state.items():
        every, kept = np.concatenate(states), np.array(held_out[name])
        rows = [probe(every, labels[name], kept) for labels in (names, looks)]
        cells = " | ".join(f"{100 * share:.1f}" for row in rows for share in row)
        print(f"| {name} | {'x'.join(map(str, sides[name]))} | {cells} |")


@torch.inference_mode()
def read(model, video) -> dict[str, tuple[np.ndarray, tuple[int, int, int]]]:
    """Per part the states [P, D] of a video's places, and their grid (steps, rows, columns)."""
    context = VideoContext.of(model, video)
    inputs = model.inputs([render_chat(model.words, [Turn((context.visual, "\nWhat is there?"))])])
    towers = model.mllm.model.get_video_features(inputs.pixel_values_videos, inputs.video_grid_thw)
    (states,) = states_at(hidden_states(model.mllm, inputs), inputs.ids, model.token(PADS["video"]))
    grid = inputs.grids[0][0]
    frames = torch.from_numpy(np.stack([frame.rgb for frame in video.read(range(len(video)))]))
    side = (model.config.image_size, model.config.image_size)
    parts = [resize(part, side, "bicubic") for part in frames.split(8)]
    tops = [encode(model.sam, to_pixels(part)).top for part in parts]
    top = torch.cat(tops).float()
    return {
        "vision tower": (torch.cat(list(towers.pooler_output)).numpy(), grid),
        "language model": (states.numpy(), grid),
        "SAM2": (top.flatten(2).transpose(1, 2).flatten(0, 1).numpy(), (len(top), *top.shape[2:])),
    }


def covered(ids: np.ndarray, number: int, grid: tuple[int, int, int]) -> torch.Tensor:
    """Share of each patch that one object covers: [P], 0..1."""
    mask = torch.from_numpy(ids == number)[None].float()
    return torch.nn.functional.adaptive_avg_pool3d(mask, grid).flatten()


def probe(states: np.ndarray, labels: list[str], kept: np.ndarray) -> tuple[float, float]:
    """Accuracy on the held-out patches, and that of the most frequent label."""
    classes = sorted(set(labels))
    right = np.array([classes.index(label) for label in labels])
    spread = states[~kept].std(0).clip(1e-4)
    inputs = np.c_[(states - states[~kept].mean(0)) / spread, np.ones(len(states))]
    learned, wanted = inputs[~kept], np.eye(len(classes))[right[~kept]]
    square = learned.T @ learned + RIDGE * np.eye(learned.shape[1])
    predicted = (inputs[kept] @ np.linalg.solve(square, learned.T @ wanted)).argmax(1)
    often = np.bincount(right[~kept]).argmax()
    return float((predicted == right[kept]).mean()), float((right[kept] == often).mean())


if __name__ == "__main__":
    main()
