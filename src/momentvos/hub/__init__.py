"""Models by name: what is bundled, public weights to pull, what recipes train, folders, hub ids."""

from momentvos.hub.catalogue import PublicModel, catalogue
from momentvos.hub.load import KnownModel, known_models, load

__all__ = ["KnownModel", "PublicModel", "catalogue", "known_models", "load"]
