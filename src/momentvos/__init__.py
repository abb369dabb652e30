"""MomentVOS: give it a video and a sentence; it answers when the sentence holds and where.

    import momentvos
    model = momentvos.load()
    prediction = model.segment("clip.mp4", "the dog that jumps, then turns back")

The names in ``__all__`` are the public ones; everything else may change between versions. They
are looked up when first used, so ``import momentvos`` itself loads neither torch nor a codec.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from momentvos.data.sample import Sample as Sample
    from momentvos.data.world import world_samples as world_samples
    from momentvos.errors import MomentVOSError as MomentVOSError
    from momentvos.hub import load as load
    from momentvos.masklet import Masklet as Masklet
    from momentvos.media import Video as Video
    from momentvos.media.facts import VideoFacts as VideoFacts
    from momentvos.moment import Moment as Moment
    from momentvos.results.prediction import Prediction as Prediction
    from momentvos.systems.tgl.config import TglConfig as TglConfig
    from momentvos.systems.tgl.model import TglModel as TglModel

__version__ = "0.1.0"

_HOMES = {
    "Masklet": "momentvos.masklet",
    "Moment": "momentvos.moment",
    "MomentVOSError": "momentvos.errors",
    "Prediction": "momentvos.results.prediction",
    "Sample": "momentvos.data.sample",
    "TglConfig": "momentvos.systems.tgl.config",
    "TglModel": "momentvos.systems.tgl.model",
    "Video": "momentvos.media",
    "VideoFacts": "momentvos.media.facts",
    "load": "momentvos.hub",
    "world_samples": "momentvos.data.world",
}

__all__ = [
    "Masklet",
    "Moment",
    "MomentVOSError",
    "Prediction",
    "Sample",
    "TglConfig",
    "TglModel",
    "Video",
    "VideoFacts",
    "__version__",
    "load",
    "world_samples",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'momentvos' has no attribute {name!r}")
    value = getattr(import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(set(globals()) | set(__all__))
