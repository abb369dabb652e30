"""Every error a user can cause: one plain sentence that says what, where and what to do."""

from momentvos.printable import printable


class MomentVOSError(Exception):
    """Base of all errors below. `str(error)` is fit to be shown to a user as it is."""

    def __str__(self) -> str:
        """The sentence in one line, whatever the names in it hold."""
        return printable(super().__str__())


class VideoError(MomentVOSError):
    """A video, image folder or image cannot be read."""


class OutputError(MomentVOSError):
    """A result cannot be written (no right, no space, no encoder)."""


class SentenceError(MomentVOSError):
    """A sentence is empty, too long or not text."""


class MomentError(MomentVOSError, ValueError):
    """A moment is malformed or lies outside the video."""


class PredictionError(MomentVOSError):
    """A stored prediction or masklet is not what its schema says."""


class ModelError(MomentVOSError):
    """A model or its weights cannot be found, loaded or used."""


class DeviceError(ModelError):
    """The device asked for is not there or has too little memory."""


class DataError(MomentVOSError):
    """A data set on disk is missing, incomplete or malformed."""


class RecipeError(MomentVOSError):
    """A training recipe is unreadable or holds an unknown or impossible value."""


class ClusterError(MomentVOSError):
    """A cluster cannot be reached, or its machines cannot do the work."""


class BenchmarkError(MomentVOSError):
    """A benchmark, a part of one, or a submission cannot be made as asked."""


class StoreError(MomentVOSError):
    """An address of an object store is not read, or its store refuses what is asked of it."""


class TransferError(StoreError):
    """A store cannot be reached, or breaks off; later it may be there again."""


class ArgumentError(MomentVOSError, ValueError):
    """An argument of a function has another type or value than the function takes."""


class FrameIndexError(ArgumentError, IndexError):
    """A frame number lies outside the video."""


class ExtraError(MomentVOSError, ImportError):
    """A package is missing that an extra brings: ``pip install 'momentvos[notebook]'``."""


class SettingsError(MomentVOSError):
    """The user's settings file cannot be read, or holds an unknown key or an impossible value."""
