"""Reader of official model folders: configuration, and weights in one file or several."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from momentvos.errors import ModelError
from momentvos.guard import guarded
from momentvos.json_text import from_text
from momentvos.paths import is_plain
from momentvos.pickles.checkpoint import check_checkpoint
from momentvos.regular_file import open_regular, read_text
from momentvos.weights import weight_files

if TYPE_CHECKING:
    from torch import Tensor

LARGEST_JSON = 16 << 20
INDEX = ".index.json"
PICKLED, TENSORS = "pytorch_model*.bin", "*.safetensors"


def read_json(path: Path) -> dict[str, Any]:
    """Read a JSON object. Raises ModelError for another file."""
    try:
        content = from_text(read_text(path, LARGEST_JSON))
    except OSError as error:
        raise ModelError(f"{path} cannot be read: {error.strerror or error}.") from error
    except ValueError as error:
        raise ModelError(f"{path} is not a JSON file.") from error
    if not isinstance(content, dict):
        raise ModelError(f"{path} is not a configuration.")
    return content


def weights(path: Path) -> dict[str, Tensor]:
    """Read all weights of ``*.safetensors`` or, without any, of ``pytorch_model*.bin`` in a folder.

    Or those of one such file. They are mapped from the files; nothing in them is run. Where there
    is an index, its files must all be there and hold what it says.

    Raises:
        ModelError: no such file, one that is missing, unreadable or incomplete, or a weight that
            two files hold.
    """
    files, listed = _files(path)
    tensors: dict[str, Tensor] = {}
    for file in files:
        part = _file(file)
        if twice := sorted(tensors.keys() & part.keys()):
            raise ModelError(f"{path} holds the weight {twice[0]} twice.")
        tensors |= part
    if absent := sorted(listed.keys() - tensors.keys()):
        raise ModelError(
            f"{path} lacks {len(absent)} weights that its index lists, such as {absent[0]}: "
            "download it again."
        )
    return tensors


def check(path: Path) -> None:
    """Check the same files without PyTorch. Raises ModelError as `weights`, of what can be seen."""
    for file in _files(path)[0]:
        if file.suffix == ".safetensors":
            try:
                open_regular(file).close()
            except OSError as error:
                raise ModelError(f"{file} cannot be read: {error.strerror or error}.") from error
        else:
            check_checkpoint(file)


def _files(path: Path) -> tuple[list[Path], dict[str, str]]:
    """The files of weights at a path, and the index that lists them, which may be empty."""
    if not path.is_dir():
        return [path], {}
    kinds = {TENSORS: weight_files(path), PICKLED: sorted(path.glob(PICKLED))}
    pattern = next((one for one, files in kinds.items() if files), None)
    if pattern is None:
        raise ModelError(
            f"{path} holds neither {TENSORS} nor {PICKLED}: give the folder as downloaded."
        )
    listed = _listed(path, pattern)
    names = sorted(set(listed.values())) or [file.name for file in kinds[pattern]]
    return [path / name for name in names], listed


def _listed(path: Path, pattern: str) -> dict[str, str]:
    """Weight -> file, as the folder's index says; nothing without an index."""
    index = next(iter(sorted(path.glob(pattern + INDEX))), None)
    listed = read_json(index).get("weight_map") if index is not None else {}
    if not isinstance(listed, dict) or not all(map(_plain, listed.values())):
        raise ModelError(f"{index} is not an index of weights.")
    return listed


def _file(path: Path) -> dict[str, Tensor]:
    from safetensors import safe_open

    from momentvos.convert.checkpoint import read

    if path.suffix != ".safetensors":
        return read(path).weights
    with guarded(ModelError, f"{path} cannot be read"):
        open_regular(path).close()
    with guarded(ModelError, f"{path} cannot be read"), safe_open(path, framework="pt") as opened:
        return {name: opened.get_tensor(name) for name in opened.keys()}  # noqa: SIM118


def _plain(name: Any) -> bool:
    """A file's name without any folder."""
    return isinstance(name, str) and is_plain(name) and not name.startswith(".")
