"""Who decides *when*: grounders of one protocol, each usable alone and before any system."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from momentvos.grounding.build import build as build
    from momentvos.grounding.failure import AnswerError as AnswerError
    from momentvos.grounding.protocol import Grounder as Grounder
    from momentvos.grounding.result import Grounding as Grounding
    from momentvos.grounding.spec import Spec as Spec
    from momentvos.grounding.spec import parse as parse

_HOMES = {
    "AnswerError": "failure",
    "Grounder": "protocol",
    "Grounding": "result",
    "Spec": "spec",
    "build": "build",
    "parse": "spec",
}
__all__ = ["AnswerError", "Grounder", "Grounding", "Spec", "build", "parse"]


def __getattr__(name: str) -> Any:
    """Resolve a public name on first use, so that nothing heavy loads before it is needed."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = value
    return value
