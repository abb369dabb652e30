"""Draw the first picture of README: a scene, what the bundled model makes of it, and the sentence.

python tools/make_hero.py docs/images/hero.webp
python tools/make_hero.py --search 200

The video is a test scene of MomentWorld, whose true masks and moment are known: the picture is
refused unless the model is right about both. `--search N` lists the expressions of N scenes whose
target has a double that looks alike, and on which the model is right; --scene and --expression
choose one of them.
"""

import argparse
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
from PIL import Image

import momentvos
from momentvos import Masklet, Prediction
from momentvos.data.world import Scene
from momentvos.evaluation.scenes import SceneSample, WorldSource
from momentvos.results.overlay import Overlay
from momentvos.results.panel import Panel

SCENE, EXPRESSION = 18, 0
SIZE, SIDE, GAP = 256, 400, 8
"""Pixels of the scene that the model sees, of a picture, and between the two pictures."""
LETTERS = 560
"""Side of a picture whose panel has letters of the size wanted here."""
IOU, WORST, TIOU = 0.92, 0.85, 0.85
"""Least IoU of the masks in the moment on average and in each frame, and of the moment itself."""
MOST_BYTES = 2_000_000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("picture", type=Path, nargs="?", help="a .webp file")
    parser.add_argument("--model", default="tgl-mini")
    parser.add_argument("--scene", type=int, default=SCENE)
    parser.add_argument("--expression", type=int, default=EXPRESSION)
    parser.add_argument("--style", default="highlight")
    parser.add_argument("--slow", type=float, default=1.6, help="times slower than the video")
    parser.add_argument("--search", type=int, metavar="N")
    options = parser.parse_args()
    model = momentvos.load(options.model)
    if options.search:
        search(model, options.scene, options.search)
        return
    group = next(iter(WorldSource(options.scene, SIZE).videos("test", 1)))
    sample = group[options.expression]
    prediction = model.segment(sample.video(), sample.sentence)
    check(sample, prediction)
    if options.picture is None:
        parser.error("name the picture to write")
    pictures = drawn(options.scene, prediction, options.style)
    write(options.picture, pictures, 1000 * options.slow / sample.fps)


def search(model: momentvos.System, first: int, count: int) -> None:
    print("scene expression IoU worst tIoU frames sentence")
    for number in range(first, first + count):
        group = next(iter(WorldSource(number, SIZE).videos("test", 1)))
        chosen = [place for place, one in enumerate(group) if has_double(one.scene, one)]
        if not chosen:
            continue
        sentences = [group[place].sentence for place in chosen]
        for place, prediction in zip(
            chosen, model.segment(group[0].video(), sentences), strict=True
        ):
            mean, worst, tiou = judged(group[place], prediction)
            if mean >= IOU and worst >= WORST and tiou >= TIOU:
                facts = (
                    f"{number} {place} {mean:.2f} {worst:.2f} {tiou:.2f} {len(prediction.moment)}"
                )
                print(facts, prediction.sentence, flush=True)


def has_double(scene: Scene, sample: SceneSample) -> bool:
    """Whether one object is meant, for a part of the video, and another one looks like it."""
    if sample.kind == "none" or len(sample.targets) != 1:
        return False
    ((number, moment),) = sample.expression.targets
    one = scene.objects[number]
    doubles = [
        other
        for place, other in enumerate(scene.objects)
        if place != number and (other.category, other.look) == (one.category, one.look)
    ]
    return bool(doubles) and 6 <= len(moment) <= 0.7 * sample.length


def check(sample: SceneSample, prediction: Prediction) -> None:
    """Exit unless a prediction is right about masks and moment."""
    mean, worst, tiou = judged(sample, prediction)
    print(f"{sample.sentence}: IoU {mean:.2f}, worst {worst:.2f}, tIoU {tiou:.2f}")
    if mean < IOU or worst < WORST or tiou < TIOU:
        sys.exit("The model is not right on this scene; choose another one (--search).")


def judged(sample: SceneSample, prediction: Prediction) -> tuple[float, float, float]:
    """Mean and least IoU of the masks in the true moment, and IoU of the moment."""
    frames = [frame for frame in sample.moment.frames() if sample.masks([frame])[:, 0].any()]
    values = []
    for frame in frames:
        true = np.asarray(sample.masks([frame]))[:, 0].any(axis=0)
        mask = prediction.masklet.get(frame)
        values.append(np.count_nonzero(true & mask) / np.count_nonzero(true | mask))
    if not prediction.found or not values:
        return 0.0, 0.0, 0.0
    return float(np.mean(values)), float(np.min(values)), prediction.moment.iou(sample.moment)


def enlarged(prediction: Prediction, side: int) -> Prediction:
    """A prediction at another size, with smooth edges, so that its overlay is sharp there."""
    masks = Masklet((side, side))
    for index in range(prediction.video.length):
        mask = Image.fromarray(prediction.masklet.get(index).astype(np.uint8) * 255)
        masks.set(index, np.asarray(mask.resize((side, side), Image.Resampling.BICUBIC)) > 127)
    facts = replace(prediction.video, width=side, height=side)
    return replace(prediction, video=facts, masklet=masks)


def drawn(scene: int, prediction: Prediction, style: str) -> list[Image.Image]:
    """A picture per frame: the video on the left, the overlay on the right, the panel below."""
    video = next(iter(WorldSource(scene, SIDE).videos("test", 1)))[0].video()
    large = enlarged(prediction, SIDE)
    overlay = Overlay(large, style, video=video, caption=False)
    panel = Panel([large], overlay.colours, (LETTERS, 2 * SIDE + GAP))
    made = []
    for frame in video.frames():
        sheet = np.zeros((SIDE + panel.height, 2 * SIDE + GAP, 3), np.uint8)
        sheet[:SIDE] = 255
        sheet[:SIDE, :SIDE] = frame.rgb
        mask = large.masklet.get(frame.index)
        sheet[:SIDE, -SIDE:] = overlay.draw(frame.rgb, mask, frame.index)
        panel.draw(sheet[SIDE:], frame.index)
        made.append(Image.fromarray(sheet))
    return made


def write(path: Path, pictures: list[Image.Image], milliseconds: float) -> None:
    """Write an animated WebP. Exits where it is too large."""
    durations = [round(milliseconds)] * len(pictures)
    durations[-1] += 1200  # a rest before it begins again
    first, *others = pictures
    path.parent.mkdir(parents=True, exist_ok=True)
    how = {"save_all": True, "loop": 0, "quality": 80, "method": 6}
    first.save(path, append_images=others, duration=durations, **how)
    if path.stat().st_size >= MOST_BYTES:
        sys.exit(f"{path} has {path.stat().st_size:,} bytes, over {MOST_BYTES:,}; use fewer.")
    print(f"{path}: {first.width} x {first.height}, {path.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
