"""Checkpoints of unknown origin: checked without PyTorch, then read by its restricted reader."""

from __future__ import annotations

import argparse
import collections
import pickle
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from momentvos.errors import ModelError
from momentvos.guard import reason
from momentvos.pickles.archive import ArchiveError, read_archive
from momentvos.pickles.scan import scan
from momentvos.pickles.tensors import Tensors
from momentvos.pickles.value import UnsafePickleError

ALLOWED: tuple[Any, ...] = (argparse.Namespace, collections.Counter)
"""What official training scripts store beside tensors: their arguments and a schedule's steps."""


def check_checkpoint(path: Path, extra: Iterable[str] = ()) -> None:
    """Check a file that ``torch.save`` wrote: its records, its pickle, and its tensors' places.

    PyTorch is not imported. extra: full names of classes that it may ask for. Raises ModelError.
    """
    try:
        archive = read_archive(path)
        tensors = Tensors(archive)
        scan(archive.pickle, tensors.objects(tuple(extra)), tensors.storage)
    except OSError as error:
        raise ModelError(f"{path} cannot be read: {error.strerror or error}.") from error
    except ArchiveError as error:
        raise ModelError(f"{path} {error}.") from error
    except UnsafePickleError as error:
        if error.asked is None:
            raise ModelError(f"{path} is not a plain checkpoint ({error}).") from error
        raise ModelError(
            f"{path} asks for the Python object {error.asked}, which weights have no need of and "
            "which could run code: nothing of it was used; get the file from its authors again."
        ) from error


def load_checkpoint(path: Path, stand_ins: Mapping[str, type] | None = None) -> Any:
    """Read such a file, after that check; tensors are on the CPU and mapped from it.

    stand_ins: by full name, inert classes in place of those that the file asks for. Raises
    ModelError.
    """
    check_checkpoint(path, stand_ins or ())
    import torch

    allowed = [*ALLOWED, *((made, name) for name, made in (stand_ins or {}).items())]
    try:
        with torch.serialization.safe_globals(allowed):
            return torch.load(path, map_location="cpu", weights_only=True, mmap=True)
    except (pickle.UnpicklingError, EOFError, RecursionError) as error:
        raise ModelError(f"{path} is not a plain checkpoint.") from error
    except (OSError, RuntimeError, ValueError, LookupError, TypeError, AttributeError) as error:
        raise ModelError(f"{path} cannot be read as a checkpoint: {reason(error)}.") from error
