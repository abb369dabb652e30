"""How a loaded model computes: at which size of frames, in which number format, compiled or not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

from momentvos.errors import ArgumentError
from momentvos.notice import warn
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
        compile: let `torch.compile` make programs of the image encoder's stages, on a GPU of all
            of SAM2's parts, see `momentvos.sam2.compiled`.

    Raises ArgumentError for a value of another kind.
    """

    resolution: int | None = None
    dtype: DType = "float32"
    compile: bool = False

    def __post_init__(self) -> None:
        if self.dtype not in get_args(DType):
            raise ArgumentError(
                f"`dtype` is {' or '.join(get_args(DType))}, not {shown(self.dtype)}."
            )
        if not isinstance(self.compile, bool):
            raise ArgumentError(f"`compile` is True or False, not {shown(self.compile)}.")

    def apply(self, model: System) -> None:
        """Change the model in place. Raises ArgumentError for what it or its device cannot do."""
        if self.resolution is not None:
            model.set_resolution(self.resolution)
        if self.dtype == "bfloat16":
            from momentvos.sam2.precision import reduce_products, slow_bfloat16

            if slow_bfloat16(model.device):
                warn(
                    "This processor only imitates products in bfloat16: float32 is faster here.",
                    RuntimeWarning,
                    stacklevel=3,
                )
            reduce_products(model.sam)
        if self.compile:
            from momentvos.sam2.compiled import compile_parts

            compile_parts(model.sam)

    def __str__(self) -> str:
        """A few words, such as "bfloat16 at 256 pixels"; folders of answers are marked by them."""
        place = "" if self.resolution is None else f" at {self.resolution} pixels"
        return f"{self.dtype}{place}{', compiled' if self.compile else ''}"
