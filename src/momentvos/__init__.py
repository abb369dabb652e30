"""MomentVOS: give it a video and a sentence; it answers when the sentence holds and where.

    import momentvos
    model = momentvos.load()
    prediction = model.segment("clip.mp4", "the dog that jumps, then turns back")

The names in ``__all__`` are public, as are those of the pages of the API reference. They are looked
up when first used, so ``import momentvos`` itself loads neither torch nor a codec.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from momentvos import errors

if TYPE_CHECKING:
    from momentvos.data.sample import Sample as Sample
    from momentvos.data.world import world_samples as world_samples
    from momentvos.errors import MomentVOSError as MomentVOSError
    from momentvos.hub.load import load as load
    from momentvos.masklet import Masklet as Masklet
    from momentvos.media import Video as Video
    from momentvos.media.facts import VideoFacts as VideoFacts
    from momentvos.moment import Moment as Moment
    from momentvos.results.overlay import Overlay as Overlay
    from momentvos.results.prediction import Prediction as Prediction
    from momentvos.systems.base import System as System
    from momentvos.systems.momentseg.model import MomentSegModel as MomentSegModel
    from momentvos.systems.streaming.stream import Stream as Stream
    from momentvos.systems.streaming.update import Update as Update
    from momentvos.systems.tgl.config import TglConfig as TglConfig
    from momentvos.systems.tgl.model import TglModel as TglModel
    from momentvos.systems.vrshq.model import VrsHqModel as VrsHqModel

__version__ = "0.1.0"

_HOMES = {
    "Masklet": "momentvos.masklet",
    "Moment": "momentvos.moment",
    "MomentSegModel": "momentvos.systems.momentseg.model",
    "MomentVOSError": "momentvos.errors",
    "Overlay": "momentvos.results.overlay",
    "Prediction": "momentvos.results.prediction",
    "Sample": "momentvos.data.sample",
    "Stream": "momentvos.systems.streaming.stream",
    "System": "momentvos.systems.base",
    "TglConfig": "momentvos.systems.tgl.config",
    "TglModel": "momentvos.systems.tgl.model",
    "Update": "momentvos.systems.streaming.update",
    "Video": "momentvos.media",
    "VideoFacts": "momentvos.media.facts",
    "VrsHqModel": "momentvos.systems.vrshq.model",
    "load": "momentvos.hub",
    "world_samples": "momentvos.data.world",
}

__all__ = [
    "Masklet",
    "Moment",
    "MomentSegModel",
    "MomentVOSError",
    "Overlay",
    "Prediction",
    "Sample",
    "Stream",
    "System",
    "TglConfig",
    "TglModel",
    "Update",
    "Video",
    "VideoFacts",
    "VrsHqModel",
    "__version__",
    "errors",
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
