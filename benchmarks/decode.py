"""Decoding and resizing beside torchcodec, on the same file, in CPU seconds of one thread.

Both decode a 1280 x 720 video of H.264 to RGB and bring it to a square with the same arithmetic.
They go through it in turn, several times, and the least counts. torchcodec may be in an environment
of its own, since its wheels want a PyTorch of their kind: --peer names that interpreter.

python benchmarks/decode.py [--peer /path/to/python] [--frames 240] [--side 512] [--runs 5]
                            [--json FILE]
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

BLOCK = 8
"""Frames that are resized at once."""

PEER = """
import json, sys, time
import torch
from torch.nn.functional import interpolate
from torchcodec.decoders import VideoDecoder
torch.set_num_threads(1)
path, side, runs, block = sys.argv[1], *map(int, sys.argv[2:])
for _ in range(runs):
    sys.stdin.readline()
    row = []
    for resized in (False, True):
        start = time.process_time()
        decoder = VideoDecoder(path, num_ffmpeg_threads=1)
        for first in range(0, len(decoder), block):
            frames = decoder.get_frames_in_range(first, min(first + block, len(decoder))).data
            if resized:
                size = (side, side)
                interpolate(frames.float(), size, mode="bilinear", antialias=True).round().byte()
        row.append(time.process_time() - start)
    print(json.dumps(row), flush=True)
"""


def main() -> None:
    options = _options()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "clip.mp4"
        _write(path, options.frames)
        words = [path, options.side, options.runs, BLOCK]
        peer = subprocess.Popen(
            [options.peer, "-c", PEER, *map(str, words)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        theirs, ours = [], []
        for _ in range(options.runs):
            ours.append(_ours(path, options.side))
            answer = _asked(peer)
            if answer is None:
                sys.exit("torchcodec does not work there: see above; another --peer?")
            theirs.append(answer)
    print("| | ms a frame, decoded | x torchcodec | ms, decoded and resized | x torchcodec |")
    print("| --- | ---: | ---: | ---: | ---: |")
    best = [[min(column) for column in zip(*rows, strict=True)] for rows in (theirs, ours)]
    made = []
    for name, row in zip(("torchcodec", "MomentVOS"), best, strict=True):
        spent = [1e3 * one / options.frames for one in row]
        ratios = [one / peer_one for one, peer_one in zip(row, best[0], strict=True)]
        cells = [f"{ms:.2f} | {x:.2f}" for ms, x in zip(spent, ratios, strict=True)]
        print(f"| {name} | {' | '.join(cells)} |")
        one = {"by": name, "ms, decoded": spent[0], "x torchcodec": ratios[0]}
        made.append(one | {"ms, decoded and resized": spent[1], "x torchcodec, both": ratios[1]})
    if options.json:
        from record import save

        save(options.json, made)


def _asked(peer: "subprocess.Popen[str]") -> list[float] | None:
    assert peer.stdin is not None and peer.stdout is not None
    try:
        peer.stdin.write("\n")
        peer.stdin.flush()
    except BrokenPipeError:
        return None
    line = peer.stdout.readline()
    return json.loads(line) if line else None


def _ours(path: Path, side: int) -> list[float]:
    """CPU seconds of decoding alone, and with resizing."""
    import numpy as np
    import torch

    from momentvos.media import Video
    from momentvos.sam2.resize import resize

    torch.set_num_threads(1)
    row = []
    for resized in (False, True):
        start = time.process_time()
        block = []
        for frame in Video.open(path).frames():
            block.append(frame.rgb)
            if resized and len(block) == BLOCK:
                resize(torch.from_numpy(np.stack(block)), (side, side))
            block = [] if len(block) == BLOCK else block
        row.append(time.process_time() - start)
    return row


def _write(path: Path, frames: int) -> None:
    """Smooth noise that moves, 1280 x 720."""
    import loops

    from momentvos.media import VideoWriter

    few, _ = loops.clip(1280, 12, 1)
    rgb = (few[:, :, :720] * 40 + 128).clamp(0, 255).byte().permute(0, 2, 3, 1).numpy()
    order = [*range(12), *range(10, 0, -1)]
    with VideoWriter(path, (720, 1280), 24) as writer:
        for number in range(frames):
            writer.write(rgb[order[number % len(order)]])


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--peer", default=sys.executable, help="interpreter that has torchcodec")
    parser.add_argument("--frames", type=int, default=240)
    parser.add_argument("--side", type=int, default=512, help="of the square")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--json", type=Path, help="also write it there")
    return parser.parse_args()


if __name__ == "__main__":
    main()
