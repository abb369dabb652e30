"""The grounder of a spec, among them the one that a loaded model includes."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from momentvos.grounding import Grounder, Part, Spec

HELP = (
    "Who says when: model, all, oracle, clip, siglip2, chrono, qwen3-vl and others of "
    "docs/grounding.md, or a moment. NAME=FOLDER gives weights, NAME:4 chooses 4 frames, A+B lets "
    "B choose inside A's moment."
)


def grounder(
    spec: "Spec", device: str, model: Callable[[], Any], selection: bool | None = None
) -> "Grounder":
    """Build the grounder of a spec.

    model: loads the model that the name "model" refers to. selection: False asks it as published.
    """
    from momentvos.grounding import build

    def own(part: "Part") -> "Grounder":
        from momentvos.grounding.model_grounder import ModelGrounder
        from momentvos.systems.pretrained import load_pretrained

        asked = model() if part.source is None else load_pretrained(part.source, device)
        return ModelGrounder.of(part, asked, selection)

    return build(spec, device, own)
