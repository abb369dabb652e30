"""The engine: execute a plan of steps over SAM2, with a memory bank. It knows no papers."""

from momentvos.propagation.bank import Bank, Selection
from momentvos.propagation.orders import chronological, dual_path, from_anchors, from_keyframe
from momentvos.propagation.plan import Plan, merge
from momentvos.propagation.refresh import Refresh
from momentvos.propagation.run import Rules, Segmented, run
from momentvos.propagation.step import Read, Step

__all__ = [
    "Bank",
    "Plan",
    "Read",
    "Refresh",
    "Rules",
    "Segmented",
    "Selection",
    "Step",
    "chronological",
    "dual_path",
    "from_anchors",
    "from_keyframe",
    "merge",
    "run",
]
