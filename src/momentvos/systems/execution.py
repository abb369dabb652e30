"""How a loaded model computes: at which size of frames, in which number format, compiled or not."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

from momentvos.errors import ArgumentError
from momentvos.ranges import shown

if TYPE_CHECKING:
    from momentvos.systems.base import System

DType = Literal["float32", "bfloat16"]


@dataclass(frozen=True)
class Execution:
    """What `momentvos.load` makes of a model before it is used.

    Attributes:
        resolution: side of the square of pixels that frames are fitted to; None: the model's own.
        dtype: number format of SAM2's large products, see `momentvos.sam2.precision`.
        int8: 8-bit numbers for those of linear layers, on a processor.
        compile: let `torch.compile` make programs of SAM2's parts, see `momentvos.sam2.compiled`.

    Raises ArgumentError for a value of another kind, and for two number formats at once.
    """

    resolution: int | None = None
    dtype: DType = "float32"
    int8: bool = False
    compile: bool = False

    def __post_init__(self) -> None:
        if self.dtype not in get_args(DType):
            raise ArgumentError(
                f"`dtype` is {' or '.join(get_args(DType))}, not {shown(self.dtype)}."
            )
        for name in ("int8", "compile"):
            value = getattr(self, name)
            if not isinstance(value, bool):
                raise ArgumentError(f"`{name}` is True or False, not {shown(value)}.")
        if self.int8 and self.dtype != "float32":
            raise ArgumentError(f"8-bit products are not in {self.dtype}: choose one of the two.")

    def apply(self, model: System) -> None:
        """Change the model in place. Raises ArgumentError for what it or its device cannot do."""
        if self.resolution is not None:
            model.set_resolution(self.resolution)
        if self.int8 and model.device.type != "cpu":
            raise ArgumentError("8-bit products are for processors: leave them out on a GPU.")
        if self.int8 or self.dtype == "bfloat16":
            from momentvos.sam2.precision import quantise, reduce_products, slow_bfloat16

            if not self.int8 and slow_bfloat16(model.device):
                warnings.warn(
                    "This processor only imitates products in bfloat16: float32 is faster here.",
                    RuntimeWarning,
                    stacklevel=3,
                )
            change = quantise if self.int8 else reduce_products
            change(model.sam)
        if self.compile:
            from momentvos.sam2.compiled import compile_parts

            compile_parts(model.sam)

    def __str__(self) -> str:
        """A few words, such as "bfloat16 at 256 pixels"; folders of answers are marked by them."""
        place = "" if self.resolution is None else f" at {self.resolution} pixels"
        kind = "int8" if self.int8 else self.dtype
        return f"{kind}{place}{', compiled' if self.compile else ''}"
