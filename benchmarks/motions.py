"""Moments from the video context of a small multimodal model, with [FIND] and without.

python benchmarks/motions.py --videos 60

Top-1 on MomentWorld (is the frame thought best in the moment?) of expressions with a target, where
frames are ranked: by chance; by how many of the sentence's motions anything at all does in them, by
the scene's own truth; by how near the states of the vision tower, or of the language model, are to
the words of the sentence's motions (`momentvos.mllm.alignment`); by [FIND] alone; and by [FIND] and
scores of patches together, where the model has them. Of equally good frames it counts which share
is right.
"""

import argparse
import sys
from collections import defaultdict
from collections.abc import Sequence

import numpy as np
import torch
import torch.nn.functional as F
from tokens import read

import momentvos
from momentvos.data.world import render, scene
from momentvos.data.world.answer import Facts
from momentvos.data.world.atlas import LOOKS, categories
from momentvos.data.world.grammar import FORMS, PHRASES
from momentvos.media import Video
from momentvos.media.arrays import ArrayVideo
from momentvos.mllm.alignment import content_words, word_tokens

SIZE = 256


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", default="momentseg-mini", help="a MomentSeg, name or folder")
    parser.add_argument("--videos", type=int, default=60)
    parser.add_argument("--seed", type=int, default=0, help="number of the first video")
    parser.add_argument("--split", default="val")
    options = parser.parse_args()
    model = momentvos.load(options.model)
    words = Words(model)
    right: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for count, seed in enumerate(range(options.seed, options.seed + options.videos), 1):
        made = scene(seed, options.split)
        video = ArrayVideo(np.asarray(render(made, range(made.length), SIZE)[0]), made.fps)
        curves_of = {
            name: words.motions(torch.from_numpy(states), grid, made.length)
            for name, (states, grid) in read(model, video).items()
            if name != "SAM2"
        }
        facts = Facts.of(made.objects)
        asked = [one for one in made.expressions if one.targets]
        grounded = by_find(model, video, [one.sentence for one in asked])
        for row, one in enumerate(asked):
            flags = np.array([frame in one.moment for frame in range(made.length)])
            flat = np.zeros(made.length)
            curves = {"chance": flat, "anything does it": done(facts, one, made.length)}
            for name, motions in curves_of.items():
                curves[name] = sum((motions[verb] for verb in one.motions), flat)
            curves |= {name: rows[row] for name, rows in grounded.items()}
            for name, curve in curves.items():
                share = flags[curve >= curve.max() - 1e-9].mean()
                for kind in (one.kind, "all"):
                    right[name][kind].append(100 * share)
        print(f"\r{count} of {options.videos} videos", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    kinds = sorted(right["[FIND]"], key=lambda kind: (kind == "all", kind))
    counts = [f"{kind} ({len(right['[FIND]'][kind])})" for kind in kinds]
    last = options.seed + options.videos - 1
    print(f"{options.model} on MomentWorld {options.split}, videos {options.seed} to {last}\n")
    print(f"| frames by | {' | '.join(counts)} |\n|---|{'---:|' * len(kinds)}")
    for name, rows in right.items():
        print(f"| {name} | {' | '.join(f'{np.mean(rows[kind]):.1f}' for kind in kinds)} |")


def by_find(model, video: ArrayVideo, sentences: Sequence[str]) -> dict[str, list[np.ndarray]]:
    """Relevance of all frames to each sentence, by [FIND] alone, and with patches."""
    share, curves = model.config.patch_share, {}
    rows = {"[FIND]": 0.0} | ({"[FIND] and patches": share} if model.patches is not None else {})
    for name, own in rows.items():
        model.config.patch_share = own
        found = model.groundings(Video.open(video), sentences)
        curves[name] = [np.array(one.relevance) for one in found]
    model.config.patch_share = share
    return curves


def done(facts: Facts, one, length: int) -> np.ndarray:
    """How many of an expression's motions anything does in each frame."""
    count = np.zeros(length)
    for verb in one.motions:
        does = np.zeros(length, dtype=bool)
        for events in facts.events:
            for event, moment in events:
                if event.verb == verb:
                    does[list(moment.frames())] = True
        count += does
    return count


class Words:
    """MomentWorld's words as a model's tokens, and which of them describe which motion."""

    def __init__(self, model) -> None:
        every = {verb: self._forms(phrases) for verb, phrases in PHRASES.items()}
        names = (*categories(), *LOOKS, "nothing")
        self.of = {
            verb: sorted({token for word in forms for token in word_tokens(model.words, word)})
            for verb, forms in every.items()
        }
        others = {token for word in names for token in word_tokens(model.words, word)}
        self.tokens = sorted(others.union(*self.of.values()))
        shared = [token for tokens in self.of.values() for token in tokens]
        self.weight = {token: 1 / shared.count(token) for token in shared}
        embeddings = model.mllm.get_input_embeddings().weight.detach()
        self.embeddings = F.normalize(embeddings[torch.tensor(self.tokens)].float(), dim=1)

    @staticmethod
    def _forms(phrases: Sequence[str]) -> set[str]:
        words = {word for phrase in phrases for word in content_words(f"the dog that {phrase}")[1:]}
        return words | {form for word in words for form in FORMS.get(word, ())}

    def motions(self, states: torch.Tensor, grid: tuple[int, ...], length: int) -> dict:
        """Similarity of each frame to each motion's words: by motion [length]."""
        near = (F.layer_norm(states, states.shape[-1:]) @ self.embeddings.T).softmax(1)
        steps = near.unflatten(0, (grid[0], -1)).mean(1)
        frames = F.interpolate(steps.T[None], size=length, mode="linear", align_corners=True)[0]
        place = {token: number for number, token in enumerate(self.tokens)}
        return {
            verb: sum(self.weight[token] * frames[place[token]] for token in tokens).numpy()
            for verb, tokens in self.of.items()
        }


if __name__ == "__main__":
    main()
