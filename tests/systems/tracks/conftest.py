"""Tiny random checkpoints of the true classes, and objects that play roles from ground truth."""

from importlib.metadata import EntryPoint

import numpy as np
import pytest
from tests.systems.tracks.checkpoints import MAKERS

from momentvos.systems import registry
from momentvos.systems.tracks.crops import box_of
from momentvos.systems.tracks.detectors import Detection


@pytest.fixture(autouse=True)
def registered(monkeypatch):
    """The system is registered, whatever metadata are installed."""
    names = {"tgl", "momentseg", "vrshq", "tracks"}
    points = [EntryPoint(n, f"momentvos.systems.{n}:ENTRY", registry.GROUP) for n in sorted(names)]
    monkeypatch.setattr(registry, "entry_points", lambda group: points)
    registry.registered.cache_clear()
    yield
    registry.registered.cache_clear()


@pytest.fixture(scope="session")
def checkpoint(tmp_path_factory):
    """checkpoint("owlv2") -> folder of a tiny random model of that name, in hub form."""
    made = {}

    def make(name):
        if name not in made:
            folder = tmp_path_factory.mktemp("weights") / name
            folder.mkdir()
            made[name] = MAKERS[name](folder)
        return made[name]

    return make


@pytest.fixture(scope="session", params=["grounding-dino", "mm-grounding-dino", "llmdet"])
def dino_folder(request, checkpoint):
    return checkpoint(request.param)


@pytest.fixture(scope="session")
def owl_folder(checkpoint):
    return checkpoint("owlv2")


@pytest.fixture(scope="session")
def siglip_folder(checkpoint):
    return checkpoint("siglip")


@pytest.fixture(scope="session")
def sam_folder(checkpoint):
    return checkpoint("sam2")


@pytest.fixture(scope="session")
def clip_arrays():
    """12 frames of two squares, the red one moving, and their numbers, [T, 64, 96(, 3)]."""
    frames = np.full((12, 64, 96, 3), 60, np.uint8)
    ids = np.zeros((12, 64, 96), np.uint8)
    for frame in range(12):
        for number, (x, colour) in enumerate([(6 + 4 * frame, (220, 30, 30)), (60, (30, 30, 220))]):
            y = 8 + 30 * number
            frames[frame, y : y + 20, x : x + 20] = colour
            ids[frame, y : y + 20, x : x + 20] = number + 1
    frames[:, 0, 0, 0] = np.arange(12)  # no two frames are the same
    return frames, ids


@pytest.fixture
def clip(clip_arrays):
    from momentvos.media.arrays import ArrayVideo

    return ArrayVideo(clip_arrays[0], 6.0)


class TruthDetector:
    """Detects every object by its true mask, as all of the phrases that it is told."""

    def __init__(self, frames, ids, names=None):
        self.ids = {rgb.tobytes(): row for rgb, row in zip(frames, ids, strict=True)}
        self.names, self.asked = names, []

    def __call__(self, frames, phrases):
        self.asked.append((len(frames), tuple(phrases)))
        found = []
        for rgb in frames:
            ids = self.ids[rgb.tobytes()]
            row = []
            for number in np.unique(ids[ids > 0]).tolist():
                known = phrases if self.names is None else [self.names[number]]
                scores = {one: 0.9 for one in phrases if one in known}
                if scores:
                    box = tuple(map(float, box_of(ids == number)))
                    row.append(Detection(box, scores, ids == number))
            found.append(row)
        return found


@pytest.fixture
def truth(clip_arrays):
    return TruthDetector(*clip_arrays)


@pytest.fixture(scope="session")
def tgl():
    import momentvos

    return momentvos.load("tgl-mini", device="cpu")
