"""Loading of published weights from a folder, the hub's cache or the hub."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from momentvos.errors import DeviceError, ModelError
from momentvos.grounding.available import advice, check_named
from momentvos.guard import MISFITS, guarded, without_panics
from momentvos.home import pulled_part
from momentvos.reachable import check_hub
from momentvos.weights import check_files, check_finite, check_ids, check_safe, check_words

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

T = TypeVar("T")


def obtain(name: str, source: str, load: Callable[[str, bool], T]) -> T:
    """The weights of a grounder, see `read`.

    name: the grounder, for the advice. source: a folder or a hub id, where `momentvos pull` may
    have put it.
    """
    check_named(name, source)
    if not Path(source).exists():
        source = str(pulled_part(source) or source)
    unusable = f"'{source}' cannot be used for the grounder '{name}'"
    with quiet():
        return read(source, load, unusable, advice(name, source))


def read(source: str, load: Callable[[str, bool], T], unusable: str, absent: str) -> T:
    """Result of `load(source, local_only)` on a folder, the hub's cache, or the hub.

    The hub is asked for one file's size first: without a network each of a model's dozen files
    would be tried again and again.

    Args:
        source: a folder or a hub id.
        unusable: sentence about a folder that does not load, to which the reason is added.
        absent: sentence about weights that are neither here nor within reach.

    Raises:
        ModelError: the weights cannot be had, or are incomplete.
    """
    if Path(source).exists():
        with guarded(ModelError, unusable):
            check_files(source)
            return load(source, True)
    try:
        return load(source, True)
    except ModelError:
        raise
    except (OSError, ValueError, ImportError, KeyError, RuntimeError):
        pass  # not in the cache, or not all of it
    try:
        check_hub(source, absent)
        return load(source, False)
    except ModelError:
        raise
    except Exception as error:
        raise ModelError(absent) from error


def model(kind: Any, source: str, local: bool, types: tuple[str, ...], **kwargs: Any) -> Any:
    """Load a `transformers` model with all its weights, in evaluation mode.

    kind: the class. types: the `model_type`s that will do. kwargs: of `from_pretrained`; where they
    hold no `config`, the one beside the weights counts.
    Raises ModelError for another type and for weights that are missing or of another shape.
    """
    from transformers import AutoConfig

    check_safe(source)
    given = kwargs.get("config") or AutoConfig.from_pretrained(source, local_files_only=local)
    found = given.model_type
    if found not in types:
        raise ModelError(f"'{source}' is a model of type '{found}', not '{types[0]}'.")
    kwargs |= {"output_loading_info": True, "use_safetensors": True}
    made, info = kind.from_pretrained(source, local_files_only=local, **kwargs)
    faults = [*sorted(info["missing_keys"]), *sorted(map(str, info["mismatched_keys"]))]
    if faults:
        more = f" and {len(faults) - 3} more" if len(faults) > 3 else ""
        raise ModelError(f"The weights of '{source}' lack {', '.join(faults[:3])}{more}.")
    check_finite(source, made)
    return made.eval()


def tokenizer(source: str, local: bool, rows: int | None = None) -> Any:
    """The tokenizer beside the weights. Raises OSError where there is none that knows words.

    rows: of the embeddings, where known; ids beyond them raise ModelError.
    """
    from transformers import AutoTokenizer

    with without_panics():
        found = AutoTokenizer.from_pretrained(source, local_files_only=local)
        check_words(found)
    if len(found) <= len(found.all_special_tokens):
        raise OSError(f"{source} has no tokenizer")
    if rows is not None:
        check_ids(source, found, rows)
    return found


def images(source: str, local: bool) -> Any:
    """The image processor beside the weights; Pillow's, whether or not there is torchvision."""
    # Its module, since older versions hide the name itself where there is no torchvision.
    from transformers.models.auto.image_processing_auto import AutoImageProcessor

    return AutoImageProcessor.from_pretrained(source, local_files_only=local, backend="pil")


def pixels(processor: Any, frames: Sequence[NDArray[np.uint8]]) -> Any:
    """Frames uint8 [H, W, 3] as an image processor makes them.

    It is told where the channels are: it would take a picture of three rows for one of three
    channels.
    """
    return processor(list(frames), return_tensors="pt", input_data_format="channels_last")


def resolve_device(device: str) -> str:
    """The device of a name; `auto` is the GPU where there is one. Raises DeviceError."""
    import torch

    if device == "auto":
        if torch.cuda.is_available():
            return "cuda"
        return "mps" if torch.backends.mps.is_available() else "cpu"
    try:
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError) as error:
        raise DeviceError(f"The device '{device}' is not there; try --device cpu.") from error
    return device


def precision(device: str) -> Any:
    """bfloat16 on CUDA, float32 elsewhere."""
    import torch

    return torch.bfloat16 if device.startswith("cuda") else torch.float32


@contextmanager
def quiet() -> Iterator[None]:
    """Without the libraries' own warnings and progress bars."""
    from huggingface_hub.utils import logging as hub
    from transformers.utils import logging as models

    before = hub.get_verbosity(), models.get_verbosity()
    hub.set_verbosity_error()
    models.set_verbosity_error()
    models.disable_progress_bar()
    try:
        yield
    finally:
        hub.set_verbosity(before[0])
        models.set_verbosity(before[1])


def running(name: str) -> AbstractContextManager[None]:
    """Where a grounder's parts do not fit each other, it is at fault, not its user."""
    return guarded(ModelError, f"The grounder '{name}' cannot work on this", MISFITS)
