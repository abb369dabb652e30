"""Models by name: what is bundled, what recipes train, what a folder or a hub id holds."""

from momentvos.hub.load import KnownModel, known_models, load

__all__ = ["KnownModel", "known_models", "load"]
