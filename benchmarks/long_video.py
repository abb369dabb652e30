"""Memory of long videos, and what it costs to keep progress: a tiny model with random weights.

python benchmarks/long_video.py --frames 500 2500 [--json FILE]

Every length and way of making masks is a process of its own. A frame of the tiny model (64 x 64
pixels) takes milliseconds, and its caches hold a few frames, so that what grows with frames shows;
it is the same for large models.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

MIB = 1 << 20
WAYS = ("plan", "selection")
SENTENCE = "the dog that jumps"
SIZE = (240, 320)


class Frames:
    """Frames that are drawn when they are read: a square that goes round."""

    def __init__(self, length: int) -> None:
        self.length = length

    def __len__(self) -> int:
        return self.length

    def __getitem__(self, number: int) -> NDArray[np.uint8]:
        rgb = np.full((*SIZE, 3), 60, np.uint8)
        top, left = (int(90 + 80 * f(number / 40)) for f in (np.sin, np.cos))
        rgb[top : top + 60, left : left + 60] = (220, 40, 40)
        return rgb


def main() -> None:
    options = arguments()
    if options.child:
        print(json.dumps(run(options.frames[0], options.child, options.keep)))
        return
    made: list[dict[str, Any]] = []
    print("| masks by | frames | kept | frames/s | peak memory | a frame more |")
    print("|---|---|---|---|---|---|")
    for way in WAYS:
        for keep in (False, True):
            rows = [child(length, way, keep) for length in options.frames]
            for row in rows:
                frames, peak = (row[name] - rows[0][name] for name in ("frames", "peak"))
                more = f"{peak / frames:.0f} B" if frames else ""
                cells = (way, row["frames"], "yes" if keep else "no", f"{row['rate']:.1f}")
                shown = (*cells, f"{row['peak'] / MIB:.0f} MiB", more)
                print(f"| {' | '.join(map(str, shown))} |", flush=True)
                one = {"masks by": way, "frames": row["frames"], "kept": keep}
                one |= {"frames/s": row["rate"], "peak MiB": row["peak"] / MIB}
                made.append(one | {"bytes a frame more": peak / frames if frames else None})
    if options.json:
        from record import save

        save(options.json, made)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--frames", type=int, nargs="+", default=[500, 2500], help="lengths")
    parser.add_argument("--json", type=Path, help="also write it there")
    parser.add_argument("--child", choices=WAYS, help=argparse.SUPPRESS)
    parser.add_argument("--keep", action="store_true", help=argparse.SUPPRESS)
    return parser.parse_args()


def child(length: int, way: str, keep: bool) -> dict[str, Any]:
    """The figures of one run, measured in a process of its own."""
    command = [sys.executable, __file__, "--child", way, "--frames", str(length)]
    done = subprocess.run(
        [*command, *["--keep"] * keep], stdout=subprocess.PIPE, check=True, text=True
    )
    figures: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return figures


def run(length: int, way: str, keep: bool) -> dict[str, Any]:
    """Segment a video of `length` frames; selection looks for candidates in 20 of them."""
    from momentvos.cli.malloc import map_large_blocks
    from momentvos.media.array_source import ArraySource
    from momentvos.media.video import Video
    from momentvos.moment import Moment
    from momentvos.propagation import feature_cache
    from momentvos.systems.tgl import shared_cache, windowed

    map_large_blocks()
    feature_cache.FEATURES["cpu"] = shared_cache.BUDGET["cpu"] = windowed.KEPT["cpu"] = MIB
    video = Video(Path("memory"), ArraySource(Frames(length), 30.0))
    model = tiny(way)
    moment = Moment([(length // 2, length // 2 + 19)])
    begun = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "kept" if keep else None
        answer = model.segment(video, SENTENCE, moment, checkpoint=place)
    assert answer.masklet, "nothing was segmented"
    unit = 1 if sys.platform == "darwin" else 1024
    return {
        "frames": length,
        "rate": length / (time.perf_counter() - begun),
        "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit,
    }


def tiny(way: str) -> Any:
    """A TGL of 64 x 64 pixels with random weights, which calls everything found."""
    from transformers import RobertaConfig, Sam2HieraDetConfig

    from momentvos.data.world import WORDS
    from momentvos.sam2.sizes import sam_config
    from momentvos.systems.tgl.model import TglModel
    from momentvos.systems.tgl.presets import SAMWISE, tgl_config
    from momentvos.systems.tgl.pretrain.init_weights import init_weights
    from momentvos.text import train_tokenizer

    hiera = Sam2HieraDetConfig(
        image_size=[64, 64],
        hidden_size=8,
        num_attention_heads=1,
        blocks_per_stage=[1, 1, 2, 1],
        embed_dim_per_stage=[8, 16, 32, 64],
        num_attention_heads_per_stage=[1, 1, 1, 1],
        window_size_per_stage=[8, 4, 4, 2],
        window_positional_embedding_background_size=[8, 8],
        global_attention_blocks=[3],
    )
    text = RobertaConfig(
        vocab_size=1024,
        hidden_size=32,
        num_hidden_layers=3,
        num_attention_heads=1,
        intermediate_size=32,
        max_position_embeddings=66,
        type_vocab_size=1,
        bos_token_id=0,
        pad_token_id=1,
        eos_token_id=2,
    )
    selection = {"selector": False, "max_tracks": 2, "presence_threshold": 0.0}
    options: dict[str, Any] = {
        "sam_config": sam_config(hiera, hidden=128, memory=64, layers=1, feed_forward=32),
        "text_config": text,
        "adapter_hsa": False,
        "adapter_dim": 16,
        "adapter_heads": 1,
        "motion_dim": 0,
        "guided_radius": 0,
        "verbs": False,
        "window": 2,
        "cme": False,
        "image_resizer": "float",
        "presence_threshold": 0.0,
        "gate": False,
        "selection": selection if way == "selection" else None,
    }
    torch.manual_seed(0)
    model = TglModel(tgl_config("mini", **(SAMWISE | options)))
    init_weights(model)
    model.tokenizer = train_tokenizer(WORDS(), 1024, 64)
    return model.eval()


if __name__ == "__main__":
    main()
