"""Grounders, which decide when a sentence holds: one protocol, usable alone and before any system.

from momentvos import Video
from momentvos.grounding import build

grounder = build("clip:4")
for answer in grounder.ground(Video.open("clip.mp4"), ["the dog that jumps"]):
    print(answer.moment, answer.frames)
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from momentvos.grounding.build import build as build
    from momentvos.grounding.context import Context as Context
    from momentvos.grounding.failure import AnswerError as AnswerError
    from momentvos.grounding.model_grounder import ModelGrounder as ModelGrounder
    from momentvos.grounding.part import Part as Part
    from momentvos.grounding.part import Spec as Spec
    from momentvos.grounding.protocol import Grounder as Grounder
    from momentvos.grounding.protocol import allowed as allowed
    from momentvos.grounding.registry import GrounderEntry as GrounderEntry
    from momentvos.grounding.registry import grounders as grounders
    from momentvos.grounding.result import Grounding as Grounding
    from momentvos.grounding.select import keyframes as keyframes
    from momentvos.grounding.select import rescale as rescale
    from momentvos.grounding.spec import parse as parse

_HOMES = {
    "AnswerError": "failure",
    "Context": "context",
    "Grounder": "protocol",
    "GrounderEntry": "registry",
    "Grounding": "result",
    "ModelGrounder": "model_grounder",
    "Part": "part",
    "Spec": "part",
    "allowed": "protocol",
    "build": "build",
    "grounders": "registry",
    "keyframes": "select",
    "parse": "spec",
    "rescale": "select",
}
__all__ = [
    "AnswerError",
    "Context",
    "Grounder",
    "GrounderEntry",
    "Grounding",
    "ModelGrounder",
    "Part",
    "Spec",
    "allowed",
    "build",
    "grounders",
    "keyframes",
    "parse",
    "rescale",
]


def __getattr__(name: str) -> Any:
    """Resolve a public name on first use, so that nothing heavy loads before it is needed."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = value
    return value
