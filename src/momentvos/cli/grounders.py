"""The option ``--grounder``, and the grounder that a loaded model includes."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from momentvos.grounding import Grounder, Spec

HELP = (
    "Finds the moment: model, all, uniform:8, oracle=FILE.json, clip, siglip2, blip2, xclip, umt, "
    "dual, chrono, qwen2.5-vl, qwen3-vl, llava, chat, or a moment. NAME=FOLDER gives weights, "
    "chat=http://HOST/v1#MODEL asks a server, NAME:4 chooses 4 frames, A+B lets B choose inside "
    "A's moment."
)


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
