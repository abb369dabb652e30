"""Models by name: bundled, pulled, public, to be trained; a folder, or a hub id.

Each system owns the folder ``systems/SYSTEM/weights``: what lies there is bundled, by that name.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from momentvos.errors import ArgumentError, ModelError
from momentvos.home import RECORD, part_folder, pulled
from momentvos.hub.catalogue import catalogue, meant, parts
from momentvos.hub.official import load_official
from momentvos.hub.stored import stored_model
from momentvos.object_store import is_url, place_of
from momentvos.paths import absolute
from momentvos.ranges import shown
from momentvos.reachable import is_hub_id
from momentvos.systems.execution import DType, Execution
from momentvos.systems.pretrained import load_pretrained
from momentvos.systems.registry import systems

if TYPE_CHECKING:
    from momentvos.hub.pull import Progress
    from momentvos.systems.base import System


@dataclass(frozen=True)
class KnownModel:
    """A model by name.

    Attributes:
        source: "bundled" or "pulled" (loads at once), "public" (`momentvos pull` fetches it),
            "recipe" (to be trained), or "part" (of models and grounders; it is no model itself).
        path: its folder, or None where it has none yet.
        size: bytes to download; None but for public ones and parts.
        licence: of public weights and parts, else None.
    """

    name: str
    source: str
    about: str
    path: str | None = None
    size: int | None = None
    licence: str | None = None

    def to_json(self) -> dict[str, str | int | None]:
        """Plain values for `json.dumps`."""
        return asdict(self)


def known_models() -> list[KnownModel]:
    """What can be named without a path or a hub id."""
    bundled = [
        KnownModel(folder.name, "bundled", f"{entry.title} {entry.about}".strip(), str(folder))
        for entry in systems().values()
        for folder in entry.bundled()
    ]
    public = []
    for name, model in catalogue().items():
        folder = pulled(name)
        source, path = ("public", None) if folder is None else ("pulled", str(folder))
        public.append(KnownModel(name, source, model.title, path, model.size, model.licence))
    recipes = [
        KnownModel(
            f"{name}/train", "recipe", f"{what}; recipes/{kind}/ train it from published weights"
        )
        for kind, entry in systems().items()
        for name, what in entry.presets.items()
    ]
    shared = []
    for name, part in parts().items():
        place = part_folder(part.source.address, part.source.revision)
        path = str(place) if (place / RECORD).is_file() else None
        shared.append(KnownModel(name, "part", part.title, path, part.size, part.licence))
    return bundled + public + recipes + shared


def load(
    name: str | Path = "tgl-mini",
    device: str = "auto",
    *,
    pull: bool = False,
    progress: Progress | None = None,
    resolution: int | None = None,
    dtype: DType = "float32",
    compile: bool = False,
) -> System:
    """Load a model for use; all of them have `segment` and `ground`.

    Args:
        name: a name that ``momentvos models`` lists, a folder written by ``save_pretrained``, the
            address of such a folder in a store (``s3://bucket/model``), or a hub id
            ``owner/name``; Sa2VA's official folders and hub ids load as they are. Public weights
            are fetched at their first use, after agreement.
        device: ``auto`` (a GPU where there is one), ``cpu``, ``cuda``, ``cuda:1`` or ``mps``.
        pull: agree to the download and the licence; else a terminal is asked, and elsewhere
            nothing is fetched.
        progress: of the download, see `momentvos.hub.pull`.
        resolution: side of the square of pixels that frames are fitted to, a multiple of the
            model's `resolution_step`; None: what it was trained at.
        dtype: "bfloat16" computes SAM2's large products in it: about half the time at SAM2's
            published sizes where the processor can, and masks that differ by some pixels.
        compile: let ``torch.compile`` make programs of the image encoder's stages, on a GPU
            CUDA graphs of all of SAM2's parts: it takes minutes, needs a C++ compiler on a
            processor, and is worth it for long videos and many of them.

    Raises:
        ModelError: there is no such model, it is not one of ours, it has not been pulled, or the
            device is not there.
        ArgumentError: it cannot work so.
    """
    execution = Execution(resolution, dtype, compile)
    if not isinstance(name, str | Path) or not str(name):
        raise ModelError(
            f"{shown(name)} is no model; give a name that `momentvos models` lists, a folder, or a "
            "hub id (owner/name)."
        )
    if progress is not None and not callable(progress):
        raise ArgumentError(
            f"`progress` is a function of (file, bytes done, bytes in all), not {shown(progress)}."
        )
    text = str(name)
    check_model(text)
    if not _is_here(text) and text in catalogue():
        name = _fetched(text, pull, progress)
    if is_url(text):
        name = stored_model(text)
    official = load_official(name, device, execution)
    return official or load_pretrained(name, device, execution)


def check_model(name: str) -> None:
    """Raise ModelError for what is no folder, no hub id and no name of something that runs."""
    if is_url(name):
        place_of(name)
        return
    if _is_here(name):
        return
    known = {one.name: one for one in known_models()}
    entry = known.get(name) or known.get(f"{name}/train")
    if entry is None:
        if not is_hub_id(name):
            models = [one.name for one in known.values() if one.source != "part"]
            raise ModelError(
                f"There is no model '{name}'{meant(name, models)} A folder or a hub id "
                "(owner/name) will do too."
            )
    elif entry.source == "recipe":
        raise ModelError(
            f"'{name}' has no weights of its own: {entry.about}; give the folder it was saved to."
        )
    elif entry.source == "part":
        raise ModelError(
            f"'{name}' is no model but a part of one: name it in a model's configuration, as "
            f"`momentvos models {name}` tells."
        )


def from_anywhere(name: str) -> str:
    """What the model is called in another working folder: a folder by its absolute path."""
    return absolute(name) if Path(name).is_dir() and not _is_bundled(name) else name


def _is_here(name: str) -> bool:
    """Whether it is a folder or bundled, so that no catalogue, which takes time, has to be read."""
    return Path(name).is_dir() or _is_bundled(name)


def _is_bundled(name: str) -> bool:
    bundled = (folder for entry in systems().values() for folder in entry.bundled())
    return any(folder.name == name for folder in bundled)


def _fetched(name: str, agreed: bool, progress: Progress | None) -> Path:
    folder = pulled(name)
    if folder is not None:
        return folder
    from momentvos.hub.consent import agree
    from momentvos.hub.pull import pull

    agree(catalogue()[name], agreed)
    return pull(name, progress)
