"""Make samples/demo.mp4 and samples/demo.txt: one MomentWorld test scene and a sentence about it.

python tools/make_sample.py --seed 10 --expression 5
python tools/make_sample.py --seed 10 --list
"""

import argparse
from pathlib import Path

import av

from momentvos.data.world import Scene, render, scene

SAMPLES = Path(__file__).parents[1] / "samples"


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--seed", type=int, default=10, help="number of the scene")
    options.add_argument("--expression", type=int, default=0, help="number of the expression")
    options.add_argument("--size", type=int, default=256, help="height and width in pixels")
    options.add_argument("--out", type=Path, default=SAMPLES, help="folder of both files")
    options.add_argument("--list", action="store_true", help="list the expressions and stop")
    chosen = options.parse_args()

    stage = scene(chosen.seed, "test")
    if chosen.list:
        for number, expression in enumerate(stage.expressions):
            moments = [moment.to_list() for _, moment in expression.targets]
            print(f"{number:3} {expression.kind:10} {expression.sentence}  {moments}")
        return
    out = chosen.out
    out.mkdir(parents=True, exist_ok=True)
    write(stage, out / "demo.mp4", chosen.size)
    sentence = stage.expressions[chosen.expression].sentence
    (out / "demo.txt").write_text(f"{sentence}\n", encoding="utf-8")
    print(f"{out / 'demo.mp4'}: {sentence}")


def write(stage: Scene, path: Path, size: int) -> None:
    """Render a scene as an MP4 of that many pixels a side."""
    frames, _ = render(stage, range(stage.length), size)
    with av.open(str(path), "w", options={"movflags": "+faststart"}) as file:
        stream = file.add_stream("libx264", rate=round(stage.fps), options={"crf": "20"})
        stream.width, stream.height, stream.pix_fmt = size, size, "yuv420p"
        for picture in frames:
            file.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        file.mux(stream.encode(None))


if __name__ == "__main__":
    main()
