"""The floor of a job's seconds: its matrix products, against what this machine multiplies.

Of eight sentences about the sample by a bundled model, part by part, of a training step of `mini`,
and of `engine.py`'s rows: the mean of their frames, and the fullest one, part by part.
Convolutions, linear layers (fused ones too) and attention's two products count; norms, activations
and softmax do not. One thread.

python benchmarks/operations.py [--models momentseg-mini] [--no-training] [--json FILE]
python benchmarks/operations.py --models --no-training --engine tiny@512x8 [--frames 10]
"""

import argparse
import contextlib
import io
import math
import re
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import torch
from torch.utils.flop_counter import FlopCounterMode

SIZE = 1024
"""Side of the matrices whose product tells the machine's speed."""
PARTS = {
    "memory attention": ("attend", "attend_unequal"),
    "mask decoder": ("decode", "decode_mask"),
    "memory encoder": ("remember",),
}
"""Functions of SAM2 as `momentvos.propagation.engine` calls them."""
Owner = tuple[Any, str]
"""A module, and the name in it of a function."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--models", nargs="*", default=["momentseg-mini"], help="bundled models")
    parser.add_argument("--no-training", action="store_true", help="leave out the training step")
    parser.add_argument("--engine", nargs="*", default=[], help="rows of engine.py")
    parser.add_argument("--frames", type=int, default=16, help="of each of these rows")
    parser.add_argument("--json", type=Path, help="also write it there")
    options = parser.parse_args()
    torch.set_num_threads(1)
    speed = max(_speed() for _ in range(10))
    print(f"this machine multiplies {speed:.0f} GFLOP a second\n")
    print("| job | rows | GFLOP | floor, s |\n| --- | ---: | ---: | ---: |")
    made = []
    for job, rows, gigas in _jobs(options):
        floor, many = gigas / speed, "-" if rows is None else rows
        print(f"| {job} | {many} | {gigas:.1f} | {floor:.2f} |", flush=True)
        row = {"job": job, "rows": rows, "GFLOP": gigas, "floor s": floor}
        made.append(row | {"GFLOP a second": speed})
    if options.json:
        from record import save

        save(options.json, made)


def _jobs(options: argparse.Namespace) -> Iterator[tuple[str, int | None, float]]:
    for name in options.models:
        for part, rows, gigas in sentences(name):
            yield f"{name}, eight sentences, {part}", rows, gigas
    if not options.no_training:
        yield "mini, a training step", None, training_step()
    for row in options.engine:
        for part, gigas in frames(row, options.frames):
            yield f"{row}, {part}", None, gigas


def sentences(name: str) -> Iterator[tuple[str, int | None, float]]:
    """Of eight sentences: each part with its rows, which are objects in frames, then the whole."""
    from sentences import CLIP, SENTENCES

    import momentvos

    model = momentvos.load(name, device="cpu")
    model.requires_grad_(False)  # the counter looks for gradients, which are not kept here
    with _Parts(_engine()) as parts, counter() as whole:
        model.segment(momentvos.Video.open(CLIP), SENTENCES)
    for part in parts.names:
        yield part, parts.rows[part], parts.gigas[part]
    yield "all", None, whole.get_total_flops() / 1e9


def training_step() -> float:
    """Of the second step of the recipe of `training_step.py`, forwards and backwards."""
    import training_step as benchmark

    from momentvos.cli.main import main as momentvos
    from momentvos.training import loop

    before, counts = loop._Run._step, list[float]()

    def step(run: Any, *given: Any) -> float:
        with counter() as mode:
            norm = before(run, *given)
        counts.append(mode.get_total_flops() / 1e9)
        return norm

    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as stack:
        recipe = Path(folder, "recipe.yaml")
        recipe.write_text(benchmark.RECIPE.format(precision="fp32", steps=2))
        stack.callback(setattr, loop._Run, "_step", before)
        loop._Run._step = step
        stack.callback(setattr, sys, "argv", sys.argv)
        sys.argv = ["momentvos", "train", str(recipe), "--output", f"{folder}/out"]
        stack.enter_context(contextlib.redirect_stdout(io.StringIO()))
        stack.enter_context(contextlib.redirect_stderr(io.StringIO()))
        with contextlib.suppress(SystemExit):
            momentvos()
    return counts[-1]


def frames(row: str, length: int) -> Iterator[tuple[str, float]]:
    """Of a row of `engine.py` in float32: the mean of its frames; of the fullest, each part."""
    import loops

    size, side, objects = re.fullmatch(r"(.+)@(\d+)x(\d+)", row).groups()
    walk = loops.ours(loops.model(size, int(side)))(*loops.clip(int(side), length, int(objects)))
    counts: list[tuple[float, dict[str, float]]] = []
    owners = {"image encoder": [(loops, "encode")], **_engine()}
    for _ in range(length):
        with _Parts(owners) as parts, counter() as mode:
            next(walk)
        counts.append((mode.get_total_flops() / 1e9, parts.gigas))
    yield f"mean of {length} frames", sum(whole for whole, _ in counts) / length
    # Not the last one: nothing reads its memory, so that none is made.
    full, gigas = max(counts, key=lambda one: one[0])
    for part, one in gigas.items():
        yield f"the fullest frame, {part}", one
    yield "the fullest frame, all", full


def _engine() -> dict[str, list[Owner]]:
    from momentvos.propagation import engine

    return {part: [(engine, name) for name in names] for part, names in PARTS.items()}


class _Parts:
    """GFLOP of functions while it is entered, and rows of their second argument, by part."""

    def __init__(self, owners: dict[str, list[Owner]]) -> None:
        self.names = list(owners)
        self.gigas, self.rows = dict.fromkeys(owners, 0.0), dict.fromkeys(owners, 0)
        self._owners, self._stack = owners, contextlib.ExitStack()

    def __enter__(self) -> "_Parts":
        for part, places in self._owners.items():
            for owner, name in places:
                before = getattr(owner, name)
                self._stack.callback(setattr, owner, name, before)
                setattr(owner, name, self._counted(part, before))
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def _counted(self, part: str, work: Callable[..., Any]) -> Callable[..., Any]:
        def run(sam: Any, given: Any, *further: Any, **named: Any) -> Any:
            self.rows[part] += len(given)
            with counter() as mode:
                made = work(sam, given, *further, **named)
            self.gigas[part] += mode.get_total_flops() / 1e9
            return made

        return run


def counter() -> FlopCounterMode:
    """Counts what PyTorch's own counter leaves out on a processor, and depthwise layers as such."""
    aten = torch.ops.aten
    return FlopCounterMode(
        display=False,
        custom_mapping={
            torch.ops.mkldnn._linear_pointwise: _linear,
            aten.mv: _product_with_vector,
            aten._scaled_dot_product_flash_attention_for_cpu: _attention,
            aten._scaled_dot_product_flash_attention_for_cpu_backward: _attention_backward,
            aten.convolution_backward: _convolution_backward,
        },
    )


def _linear(x: Any, *_: Any, out_shape: Any, **__: Any) -> int:
    """From the result: which argument is the weight depends on whether a sum is fused too."""
    return 2 * math.prod(x) * out_shape[-1]


def _product_with_vector(matrix: Any, *_: Any, **__: Any) -> int:
    return 2 * math.prod(matrix)


def _attention(queries: Any, keys: Any, values: Any, *_: Any, **__: Any) -> int:
    batch, heads, length, width = queries
    return 2 * batch * heads * length * keys[2] * (width + values[3])


def _attention_backward(_: Any, *given: Any, **named: Any) -> int:
    """Five products for two: the weights are computed anew."""
    return _attention(*given, **named) * 5 // 2


def _convolution_backward(towards: Any, x: Any, weight: Any, *given: Any, **_: Any) -> int:
    transposed, mask = given[4], given[7]
    cells = math.prod((x if transposed else towards)[2:])
    return 2 * x[0] * cells * math.prod(weight) * sum(mask[:2])


def _speed() -> float:
    one = torch.randn(SIZE, SIZE)
    start = time.thread_time()
    torch.mm(one, one)
    return 2 * SIZE**3 / (time.thread_time() - start) / 1e9


if __name__ == "__main__":
    main()
