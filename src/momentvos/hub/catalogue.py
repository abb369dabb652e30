"""Catalogue of public weights: what each is, where it comes from, and what its licence forbids."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any

from momentvos.errors import ModelError
from momentvos.home import home
from momentvos.regular_file import read_text
from momentvos.yaml_text import parse


@dataclass(frozen=True)
class Source:
    """Files of one place.

    Attributes:
        address: ``hf:owner/name``, ``modelscope:owner/name``, ``drive:ID`` or ``https://...``.
        size: bytes of all files, as far as known; what is stated before anything is fetched.
        revision: a branch, tag or commit, where the place has them.
        files: names of what is needed, and patterns (``*.json``) of what is taken where it is
            there; ``*.safetensors`` is needed too, or pickled weights in its place. For ``drive:``
            and ``https:``, whose files have no list, the one name that the file gets.
        sha256: by name, checksums that are known in advance; others are taken from the place's own
            list, else recorded at the first download and compared at later ones.
        part: whether other models may share it; it is then kept by its address, unconverted.
    """

    address: str
    size: int
    revision: str = "main"
    files: tuple[str, ...] = ()
    sha256: Mapping[str, str] = field(default_factory=dict)
    part: bool = False


@dataclass(frozen=True)
class PublicModel:
    """Public weights that have a name.

    Attributes:
        name: as `momentvos pull` takes it.
        title: what it is, in a few words.
        system: name of the system that runs it.
        sources: by name, where its files come from.
        convert: arguments of `momentvos convert`, in which ``{NAME}`` stands for a source's folder
            (or its one file) and ``{out}`` for the model's; empty: nothing is converted.
        config: of the model's folder, where nothing is converted.
        licence: of the weights.
        forbids: what the licence forbids or demands, in a sentence; "" where it is permissive.
        memory: what it needs to run, in words.
        domain: what the weights know.
        verified: what of it has been run, and what has not.
    """

    name: str
    title: str
    system: str
    sources: Mapping[str, Source]
    convert: tuple[str, ...]
    config: Mapping[str, Any]
    licence: str
    forbids: str
    memory: str
    domain: str
    verified: str

    @property
    def size(self) -> int:
        """Bytes to download, where nothing is there yet."""
        return sum(source.size for source in self.sources.values())

    def to_json(self) -> dict[str, Any]:
        """Plain values for `json.dumps`."""
        plain = {name: getattr(self, name) for name in _TEXTS}
        sources = {name: _source_to_json(one) for name, one in self.sources.items()}
        return {"name": self.name, **plain, "size": self.size, "sources": sources}


MOST = 1 << 20
"""Bytes of a catalogue."""
_TEXTS = ("title", "system", "licence", "forbids", "memory", "domain", "verified")


@cache
def catalogue() -> Mapping[str, PublicModel]:
    """Every entry by name: the package's own, then those of ``catalogue.yaml`` in `home()`.

    Raises ModelError for a file of the user's that is not of the same form.
    """
    made = _read(files("momentvos.hub").joinpath("catalogue.yaml").read_text("utf-8"))
    own = home() / "catalogue.yaml"
    if own.is_file():
        try:
            made |= _read(read_text(own, MOST))
        except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
            reason = str(error).splitlines()[0]
            raise ModelError(f"The catalogue '{own}' cannot be read ({reason}).") from error
    return made


def _read(text: str) -> dict[str, PublicModel]:
    content = parse(text)[0]
    parts = {name: _source(one, part=True) for name, one in content.get("parts", {}).items()}
    return {name: _entry(name, one, parts) for name, one in content["models"].items()}


def public_model(name: str) -> PublicModel:
    """The entry of that name. Raises ModelError that lists the names."""
    if name not in catalogue():
        raise ModelError(
            f"There are no public weights '{name}'; known are {', '.join(catalogue())}."
        )
    return catalogue()[name]


def _entry(name: str, values: dict[str, Any], parts: Mapping[str, Source]) -> PublicModel:
    sources = {
        role: parts[source] if isinstance(source, str) else _source(source, part=False)
        for role, source in values["sources"].items()
    }
    texts = {one: " ".join(values.get(one, "").split()) for one in _TEXTS}
    return PublicModel(
        name=name,
        sources=sources,
        convert=tuple(values.get("convert", ())),
        config=values.get("config", {}),
        **texts,
    )


def _source(values: dict[str, Any], part: bool) -> Source:
    given = {**values, "files": tuple(values.get("files", ()))}
    return Source(part=part, **given)


def _source_to_json(source: Source) -> dict[str, Any]:
    return {
        "address": source.address,
        "revision": source.revision,
        "size": source.size,
        "files": list(source.files),
        "sha256": dict(source.sha256),
    }
