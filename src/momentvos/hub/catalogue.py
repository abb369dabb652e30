"""Catalogue of public weights: what each is, where it comes from, and what its licence forbids."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from momentvos.errors import ModelError
from momentvos.home import home
from momentvos.regular_file import read_text
from momentvos.suggestion import nearest
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


@dataclass(frozen=True)
class PublicPart:
    """Public weights that play a role in a model, or are a grounder, and have a name.

    Attributes:
        name: as `momentvos pull` takes it.
        title: what it is, in a few words.
        uses: by role ("detector", "tracker", "selector", "words", "grounder"), its kind there.
        source: where its files come from.
        licence, forbids, verified: as of a `PublicModel`.
    """

    name: str
    title: str
    uses: Mapping[str, str]
    source: Source
    licence: str
    forbids: str
    verified: str

    @property
    def size(self) -> int:
        """Bytes to download."""
        return self.source.size

    @property
    def sources(self) -> Mapping[str, Source]:
        """Its one source, as of a `PublicModel`."""
        return {"weights": self.source}

    @property
    def repository(self) -> str:
        """What a configuration calls it: its hub id."""
        return self.source.address.partition(":")[2]

    def to_json(self) -> dict[str, Any]:
        """Plain values for `json.dumps`."""
        texts = {name: getattr(self, name) for name in ("title", "licence", "forbids", "verified")}
        sources = {name: _source_to_json(one) for name, one in self.sources.items()}
        own = {"uses": dict(self.uses), "size": self.size, "sources": sources}
        return {"name": self.name, **texts, **own}


MOST = 1 << 20
"""Bytes of a catalogue."""
_TEXTS = ("title", "system", "licence", "forbids", "memory", "domain", "verified")


@dataclass(frozen=True)
class _Catalogue:
    models: dict[str, PublicModel]
    parts: dict[str, PublicPart]


def catalogue() -> Mapping[str, PublicModel]:
    """Every model by name: the package's own, then those of ``catalogue.yaml`` in `home()`.

    Raises ModelError for a file of the user's that is not of the same form.
    """
    return _all(home() / "catalogue.yaml").models


def parts() -> Mapping[str, PublicPart]:
    """Every part by name, as `catalogue` has the models."""
    return _all(home() / "catalogue.yaml").parts


def public(name: str) -> PublicModel | PublicPart:
    """The model or part of that name. Raises ModelError that says which names there are."""
    entry = catalogue().get(name) or parts().get(name)
    if entry is None:
        known = (*catalogue(), *parts())
        raise ModelError(f"There are no public weights '{name}'{meant(name, known)}")
    return entry


def meant(name: str, known: Collection[str]) -> str:
    """The end of a sentence about a name there is not: the nearest name, else where all are."""
    close = nearest(name, known)
    if close is None:
        return "; `momentvos models` lists what there is."
    return f"; did you mean '{close}'?"


@cache
def _all(own: Path) -> _Catalogue:
    made = _read(files("momentvos.hub").joinpath("catalogue.yaml").read_text("utf-8"), {})
    if own.is_file():
        try:
            more = _read(read_text(own, MOST), made.parts)
        except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
            reason = str(error).splitlines()[0]
            raise ModelError(f"The catalogue '{own}' cannot be read ({reason}).") from error
        made = _Catalogue(made.models | more.models, made.parts | more.parts)
    return made


def _read(text: str, known: Mapping[str, PublicPart]) -> _Catalogue:
    content = parse(text)[0]
    own = {name: _part(name, one) for name, one in content.get("parts", {}).items()}
    there = {**known, **own}
    models = {name: _model(name, one, there) for name, one in content.get("models", {}).items()}
    return _Catalogue(models, own)


def _model(name: str, values: dict[str, Any], there: Mapping[str, PublicPart]) -> PublicModel:
    sources = {
        role: there[source].source if isinstance(source, str) else _source(source, part=False)
        for role, source in values["sources"].items()
    }
    return PublicModel(
        name=name,
        sources=sources,
        convert=tuple(values.get("convert", ())),
        config=values.get("config", {}),
        **{one: _text(values, one) for one in _TEXTS},
    )


def _part(name: str, values: dict[str, Any]) -> PublicPart:
    told = ("title", "uses", "licence", "forbids", "verified")
    source = {key: value for key, value in values.items() if key not in told}
    return PublicPart(
        name=name,
        title=_text(values, "title") or name,
        uses=dict(values.get("uses", {})),
        source=_source(source, part=True),
        licence=_text(values, "licence") or "not stated",
        forbids=_text(values, "forbids"),
        verified=_text(values, "verified"),
    )


def _text(values: Mapping[str, Any], name: str) -> str:
    return " ".join(values.get(name, "").split())


def _source(values: dict[str, Any], part: bool) -> Source:
    for name in ("address", "size"):
        if name not in values:
            raise ValueError(f"a source lacks '{name}'")
    source = Source(part=part, **{**values, "files": tuple(values.get("files", ()))})
    texts = (source.address, source.revision, *source.files, *source.sha256.values())
    if not all(isinstance(one, str) for one in texts):
        raise ValueError("addresses, revisions, files and checksums of a source are texts")
    if not isinstance(source.size, int) or isinstance(source.size, bool) or source.size < 0:
        raise ValueError(f"the 'size' of '{source.address[:80]}' is no number of bytes")
    return source


def _source_to_json(source: Source) -> dict[str, Any]:
    return {
        "address": source.address,
        "revision": source.revision,
        "size": source.size,
        "files": list(source.files),
        "sha256": dict(source.sha256),
    }
