"""The engine: execute a plan of steps over SAM2, with a memory bank. It knows no papers."""

from momentvos.propagation.bank import Bank, Selection
from momentvos.propagation.checkpoint import Checkpoint
from momentvos.propagation.engine import MemoryMaskHook
from momentvos.propagation.hook import StageHook
from momentvos.propagation.options import DecoderOptions
from momentvos.propagation.orders import both_ways, chronological
from momentvos.propagation.plan import Plan, in_step, merge
from momentvos.propagation.run import Segmented, run
from momentvos.propagation.step import Read, Step

__all__ = [
    "Bank",
    "Checkpoint",
    "DecoderOptions",
    "MemoryMaskHook",
    "Plan",
    "Read",
    "Segmented",
    "Selection",
    "StageHook",
    "Step",
    "both_ways",
    "chronological",
    "in_step",
    "merge",
    "run",
]
