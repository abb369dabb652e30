"""What ``--grounder`` takes, and the grounder that a loaded model brings along."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from momentvos.grounding import Grounder, Spec

HELP = (
    "Who says when: model, all, uniform:8, oracle=FILE.json, clip, siglip2, blip2, xclip, umt, "
    "dual, chrono, qwen2.5-vl, qwen3-vl, llava, chat, or a moment. NAME=FOLDER gives weights, "
    "NAME:4 chooses 4 frames, A+B lets B choose inside what A found."
)


def grounder(spec: "Spec", device: str, model: Callable[[], Any]) -> "Grounder":
    """The grounder of a spec; `model` loads what the name "model" stands for."""
    from momentvos.grounding import build

    def own() -> "Grounder":
        from momentvos.grounding.model_grounder import ModelGrounder

        return ModelGrounder(model())

    return build(spec, device, own)
