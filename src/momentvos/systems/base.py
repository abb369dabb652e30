"""What every system is: a grounder, prompts and a plan around one SAM2."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from types import ModuleType

from transformers import PreTrainedModel, PreTrainedTokenizerBase

from momentvos.errors import RecipeError


class System(PreTrainedModel):
    """A model that answers when a sentence holds in a video, and which pixels it means."""

    tokenizer: PreTrainedTokenizerBase | None = None

    @classmethod
    def training_module(cls) -> ModuleType:
        """The module ``train`` beside the class's own; see docs/add-a-system.md.

        Raises RecipeError for a system that cannot be trained.
        """
        package = cls.__module__.rpartition(".")[0]
        if find_spec(f"{package}.train") is None:
            raise RecipeError(f"{cls.__name__} cannot be trained: {package} has no `train`.")
        return import_module(f"{package}.train")
