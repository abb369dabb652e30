import json

import numpy as np
import pytest

from momentvos.masklet import Masklet


def blob(rng: np.random.Generator, size: tuple[int, int]) -> np.ndarray:
    """A mask as objects have them: some ellipses joined, a hole bitten out, perhaps cut off."""
    height, width = size
    y, x = np.mgrid[:height, :width]
    mask = np.zeros(size, dtype=bool)
    for add in (True, True, True, False):
        cy, cx = rng.uniform(-0.1, 1.1, 2) * size
        ry, rx = rng.uniform(0.02, 0.3, 2) * size + 0.5
        mask[((y - cy) / ry) ** 2 + ((x - cx) / rx) ** 2 <= 1] = add
    return mask


@pytest.fixture
def blobs():
    """Makes a mask of a given size from a random generator."""
    return blob


@pytest.fixture(scope="session")
def small_world(tmp_path_factory):
    """Writes a MomentWorld data set of short videos: small_world(videos, frames, asked) -> root."""
    from momentvos.data.world import write

    made = {}

    def make(videos=2, frames=6, asked=3):
        key = videos, frames, asked
        if key not in made:
            root = write(tmp_path_factory.mktemp("world") / "set", "test", videos, size=64)
            made[key] = _cut(root, frames, asked)
        return made[key]

    return make


def _cut(root, frames, asked):
    """Keep the first frames and expressions of each video."""
    meta = json.loads((root / "meta_expressions.json").read_text())
    masks = json.loads((root / "mask_dict.json").read_text())
    for video, entry in meta["videos"].items():
        for name in entry["frames"][frames:]:
            (root / "JPEGImages" / video / f"{name}.jpg").unlink()
        entry["frames"] = entry["frames"][:frames]
        entry["expressions"] = dict(list(entry["expressions"].items())[:asked])
        for one in entry["expressions"].values():
            one["moments"] = {
                anno: [[a, min(b, frames - 1)] for a, b in spans if a < frames]
                for anno, spans in one["moments"].items()
            }
    (root / "meta_expressions.json").write_text(json.dumps(meta))
    (root / "mask_dict.json").write_text(json.dumps({k: v[:frames] for k, v in masks.items()}))
    return root


class Painter:
    """Answers the truth shifted by some pixels; cannot answer sentences with a given word."""

    def __init__(self, samples, shift=0, refuses=None):
        self.samples, self.shift, self.refuses = samples, shift, refuses
        self.asked = []

    def segment(self, video, sentence, moment=None, progress=None):
        return list(self.segment_each(video, sentence, moment, progress))

    def segment_each(self, video, sentence, moment=None, progress=None):
        from momentvos.results.prediction import Prediction

        self.asked.append((str(video.path), list(sentence)))
        if self.refuses and any(self.refuses in one for one in sentence):
            raise RuntimeError(f"cannot say\n{self.refuses}")
        for text, given in zip(sentence, moment or [None] * len(sentence), strict=True):
            (sample,) = (
                one
                for one in self.samples
                if one.video_id == str(video.path) and one.sentence == text
            )
            masklet = Masklet(video.size)
            for frame in range(len(video)):
                masks = np.zeros((1, 1, *video.size), bool)
                if sample.targets:
                    masks = sample.masks([frame])
                masklet.set(frame, np.roll(masks[:, 0].any(0), self.shift, axis=1))
            found = sample.moment if given is None else given
            yield Prediction(
                video=video.facts,
                sentence=text,
                model="painter",
                found=bool(masklet),
                presence=1.0,
                moment=found,
                seconds=tuple(found.seconds(video.times)),
                relevance=tuple(1.0 if flag else 0.0 for flag in found.flags(len(video))),
                scores=(1.0,) * len(video),
                masklet=masklet,
            )


@pytest.fixture
def painter():
    """Makes a model that knows the truth: painter(samples, shift=0, refuses=None)."""
    return Painter
