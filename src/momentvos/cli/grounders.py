"""The grounder of a spec, among them the one that a loaded model includes."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from momentvos.grounding import Grounder, Spec


def grounder(
    spec: "Spec", device: str, model: Callable[[], Any], selection: bool | None = None
) -> "Grounder":
    """Build the grounder of a spec.

    model: loads the model that the name "model" refers to. selection: False asks it as published.
    """
    from momentvos.grounding import build

    def own() -> "Grounder":
        from momentvos.grounding.model_grounder import ModelGrounder

        return ModelGrounder(model(), selection=selection)

    return build(spec, device, own)
