"""Limits of a TGL on MomentWorld: choice of the object by its frames, and tracking by its memory.

python benchmarks/limits.py --videos 10

With oracle moments and no track selection, the objects of a scene are ranked by the share of their
true mask that the model marks: in each frame of the moment, and on average over these frames. Where
the model has a trained selector, that scores their true masks in all frames, without a moment; and
objects that fit the sentence's noun are compared with others by their similarity to it. Then one
true mask in the middle of a video is tracked to both ends by memory alone.
"""

import argparse
import sys
from collections import defaultdict

import numpy as np
import torch

import momentvos
from momentvos.data.world import render, scene
from momentvos.data.world.answer import Facts, looks
from momentvos.media.arrays import ArrayVideo
from momentvos.propagation import DecoderOptions, both_ways, run
from momentvos.propagation.feature_cache import FeatureCache
from momentvos.sam2 import Prompt
from momentvos.selection import TrajectorySelector

SIZE = 256
DISTANCES = (1, 4, 8)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", default="tgl-mini", help="name or folder")
    parser.add_argument("--videos", type=int, default=10)
    parser.add_argument("--split", default="val")
    options = parser.parse_args()
    model = momentvos.load(options.model)
    model.config.selection, model.config.presence_threshold = None, 0.0
    by_frame, by_mean, selected, positive, negative = [], [], [], [], []
    tracked: dict[int, list[float]] = defaultdict(list)
    for seed in range(options.videos):
        made = scene(seed, options.split)
        frames, ids = render(made, range(made.length), SIZE)
        video = ArrayVideo(frames, made.fps)
        numbers = np.arange(len(made.objects))[:, None, None, None]
        masks = ids == numbers + 1
        facts = Facts.of(made.objects)
        expressions = [one for one in made.expressions if one.targets]
        answers = model.segment(
            video,
            [one.sentence for one in expressions],
            moment=[one.moment for one in expressions],
        )
        for one, answer in zip(expressions, answers, strict=True):
            moment = one.moment.frames()
            marked = np.stack([answer.masklet.get(frame) for frame in moment])
            area = masks[:, moment].sum((2, 3))
            share = (masks[:, moment] & marked).sum((2, 3)) / np.maximum(area, 1)
            targets = [number for number, _ in one.targets]
            visible = marked.any((1, 2)) & area[targets].any(0)
            by_frame += np.isin(share.argmax(0), targets)[visible].tolist()
            by_mean.append(int(share.mean(1).argmax()) in targets)
            if model.selector is not None:
                votes, similarity = selector_votes(model, video, one.sentence, masks)
                selected.append(int(np.argmax(votes)) in targets)
                matches = looks(facts, one.category, one.attribute)
                fits = np.isin(np.arange(len(masks)), matches)
                positive += similarity[fits].tolist()
                negative += similarity[~fits].tolist()
        for mask in masks:
            for distance, j in track(model, video, mask):
                tracked[distance].append(j)
        print(f"\r{seed + 1} of {options.videos} videos", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    print(f"{options.model} on MomentWorld {options.split}, {options.videos} videos\n")
    print(f"the object marked most is meant, by frame: {np.mean(by_frame):.1%} of {len(by_frame)}")
    print(f"the same by all frames: {np.mean(by_mean):.1%} of {len(by_mean)} sentences")
    if selected:
        share = np.mean(selected)
        larger = np.mean(np.array(positive)[:, None] > np.array(negative))
        for name, values in (("positive", positive), ("negative", negative)):
            print(f"{name} similarity: {np.mean(values):.1f} +- {np.std(values):.1f}")
        print(f"a positive similarity exceeds a negative one: {larger:.1%}")
        print(f"the same by the selector: {share:.1%} of {len(selected)} sentences")
    for first, last in zip(DISTANCES, [*(d - 1 for d in DISTANCES[1:]), None], strict=True):
        js = [j for d, rows in tracked.items() if first <= d <= (last or d) for j in rows]
        name = f"{first} to {last}" if last else f"{first} or more"
        print(f"J of memory {name} frames from one true mask: {np.mean(js):.3f}")


@torch.inference_mode()
def selector_votes(model, video, sentence, masks):
    """The selector's vote on each object, and its similarity to the sentence's noun.

    A vote is the logarithm of the mean odds over the frames in which an object is.
    """
    selector = TrajectorySelector(model, FeatureCache(model.sam, video, mode="pad"))
    tracks = [{t: mask for t, mask in enumerate(one) if mask.any()} for one in masks]
    odds = [list(one.values()) for one in selector(sentence, tracks, range(len(video)))]
    votes = [selector.pool(one) if one else -np.inf for one in odds]
    return votes, selector.similarities(sentence, tracks)[:, 0].cpu().numpy()


@torch.inference_mode()
def track(model, video, masks):
    """Distance in frames, and J, where an object is tracked from its mask in the middle frame."""
    middle = len(masks) // 2
    if masks[middle].mean() < 1 / 256:
        return
    cache = FeatureCache(model.sam, video, mode="pad")
    config = model.config
    prompt = torch.from_numpy(masks[middle])[None, None].float()

    def features(steps):
        return cache([step.frame for step in steps])

    options = DecoderOptions(gate=config.gate, scored=getattr(config, "object_score", False))
    plan = both_ways(range(len(masks)), [middle])
    for part in run(model.sam, plan, features, lambda steps: Prompt(mask=prompt), options):
        for step, logits in zip(part.steps, part.decoded.logits, strict=True):
            true = masks[step.frame]
            if step.frame == middle or not true.any():
                continue
            fine = cache.fine(logits[None], [step.frame], config.guided_radius)[None]
            wide = torch.nn.functional.interpolate(fine, (SIZE, SIZE), mode="bilinear")
            ours = (wide[0, 0] > 0).numpy()
            yield abs(step.frame - middle), (ours & true).sum() / (ours | true).sum()


if __name__ == "__main__":
    main()
