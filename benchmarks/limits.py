"""What limits a TGL on MomentWorld: how surely its frames choose, and its memory follows.

python benchmarks/limits.py --videos 10

With oracle moments and no consensus, the things of a scene are ranked by the share of their true
outline that the model marks: in each frame of the moment, and on average over these frames. Where
the model has a judge, it is told their true outlines in all frames, and of no moment; and things
that are called as the sentence says are compared with others, how alike they are to its noun. Then
one true mask in the middle of a video is followed to both ends by memory alone.
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
    model.config.consensus, model.config.presence_threshold = 0, 0.0
    alone, together, judged, alike, unlike = [], [], [], [], []
    followed: dict[int, list[float]] = defaultdict(list)
    for seed in range(options.videos):
        made = scene(seed, options.split)
        frames, ids = render(made, range(made.length), SIZE)
        video = ArrayVideo(frames, made.fps)
        things = np.arange(len(made.objects))[:, None, None, None]
        outlines = ids == things + 1
        facts = Facts.of(made.objects)
        asked = [one for one in made.expressions if one.targets]
        answers = model.segment(
            video, [one.sentence for one in asked], moment=[one.moment for one in asked]
        )
        for one, answer in zip(asked, answers, strict=True):
            moment = one.moment.frames()
            marked = np.stack([answer.masklet.get(frame) for frame in moment])
            area = outlines[:, moment].sum((2, 3))
            share = (outlines[:, moment] & marked).sum((2, 3)) / np.maximum(area, 1)
            targets = [number for number, _ in one.targets]
            seen = marked.any((1, 2)) & area[targets].any(0)
            alone += np.isin(share.argmax(0), targets)[seen].tolist()
            together.append(int(share.mean(1).argmax()) in targets)
            if model.judge is not None:
                votes, likeness = judge(model, video, one.sentence, outlines)
                judged.append(int(np.argmax(votes)) in targets)
                called = looks(facts, one.category, one.attribute)
                fits = np.isin(np.arange(len(outlines)), called)
                alike += likeness[fits].tolist()
                unlike += likeness[~fits].tolist()
        for outline in outlines:
            for distance, j in follow(model, video, outline):
                followed[distance].append(j)
        print(f"\r{seed + 1} of {options.videos} videos", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    print(f"{options.model} on MomentWorld {options.split}, {options.videos} videos\n")
    print(f"the thing a frame marks most is meant: {np.mean(alone):.1%} of {len(alone)} frames")
    print(f"the thing marked most by all: {np.mean(together):.1%} of {len(together)} sentences")
    if judged:
        share = np.mean(judged)
        likelier = np.mean(np.array(alike)[:, None] > np.array(unlike))
        for name, likeness in (("called so", alike), ("not called so", unlike)):
            print(f"likeness of things {name}: {np.mean(likeness):.1f} +- {np.std(likeness):.1f}")
        print(f"of a thing that is called so and one that is not, that is likelier: {likelier:.1%}")
        print(f"the thing the judge says is meant: {share:.1%} of {len(judged)} sentences")
    for first, last in zip(DISTANCES, [*(d - 1 for d in DISTANCES[1:]), None], strict=True):
        js = [j for d, rows in followed.items() if first <= d <= (last or d) for j in rows]
        name = f"{first} to {last}" if last else f"{first} or more"
        print(f"J of memory {name} frames from one true mask: {np.mean(js):.3f}")


@torch.inference_mode()
def judge(model, video, sentence, outlines):
    """The judge's vote on each thing, and how alike each is to what the sentence is about.

    A vote is the logarithm of the mean odds over the frames in which a thing is.
    """
    grounder = TrajectorySelector(model, sentence, FeatureCache(model.sam, video, padded=True))
    shown = [{k: mask for k, mask in enumerate(outline) if mask.any()} for outline in outlines]
    votes = [list(odds.values()) for odds in grounder(shown, range(len(video)))]
    votes = [np.log(np.mean(np.exp(odds))) if odds else -np.inf for odds in votes]
    return votes, grounder.names(shown)[:, 0].numpy()


@torch.inference_mode()
def follow(model, video, outline):
    """Distance in frames, and J, where a thing is followed from its mask in the middle frame."""
    middle = len(outline) // 2
    if outline[middle].mean() < 1 / 256:
        return
    reader = FeatureCache(model.sam, video, padded=True)
    config = model.config
    mask = torch.from_numpy(outline[middle])[None, None].float()

    def features(steps):
        return reader([step.frame for step in steps])

    options = DecoderOptions(gate=config.gate, scored=getattr(config, "object_score", False))
    plan = both_ways(range(len(outline)), [middle])
    for part in run(model.sam, plan, features, lambda steps: Prompt(mask=mask), options):
        for step, logits in zip(part.steps, part.decoded.logits, strict=True):
            true = outline[step.frame]
            if step.frame == middle or not true.any():
                continue
            fine = reader.fine(logits[None], [step.frame], config.guided_radius)[None]
            wide = torch.nn.functional.interpolate(fine, (SIZE, SIZE), mode="bilinear")
            ours = (wide[0, 0] > 0).numpy()
            yield abs(step.frame - middle), (ours & true).sum() / (ours | true).sum()


if __name__ == "__main__":
    main()
