"""Pull public weights: fetch, verify, convert in a child process, and keep under a name."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from fnmatch import fnmatch
from functools import partial
from pathlib import Path
from typing import Any

from momentvos.errors import ModelError
from momentvos.home import RECORD, download_folder, locked, model_folder, part_folder, pulled
from momentvos.hub.catalogue import PublicModel, PublicPart, Source, public
from momentvos.hub.checksums import Checksums
from momentvos.hub.download import RemoteFile, download
from momentvos.hub.sources import drive, huggingface, modelscope
from momentvos.json_text import to_text
from momentvos.paths import inside

Progress = Callable[[str, int, int], None]
"""Called with the name of a file, or "converting", bytes of it that are done, and bytes in all."""

PICKLED = ("pytorch_model*.bin", "pytorch_model.bin.index.json")
"""Weights of hub repositories without safetensors."""
HOURS = 4
"""Longest conversion."""


def pull(name: str, progress: Progress | None = None) -> Path:
    """Fetch public weights of the catalogue and return the folder of the model, or of the part.

    What an interrupted call has fetched is gone on with. Nothing is fetched where the weights are
    there already. Raises ModelError.
    """
    entry = public(name)
    if isinstance(entry, PublicPart):
        return _part(entry.source, progress or _silent)[0]
    with locked(name):
        there = pulled(name)
        if there is None:
            there = _pull(entry, progress or _silent)
        shutil.rmtree(download_folder(name), ignore_errors=True)
    return there


def _pull(entry: PublicModel, progress: Progress) -> Path:
    work = download_folder(entry.name)
    work.mkdir(parents=True, exist_ok=True)
    places, records = {}, {}
    for role, source in entry.sources.items():
        if source.part:
            places[role], records[role] = _part(source, progress)
        else:
            folder = inside(work, role)
            records[role] = _fetched(source, folder, progress)
            places[role] = _argument(source, folder)
    new = inside(work, "model")
    shutil.rmtree(new, ignore_errors=True)
    if entry.convert:
        progress("converting", 0, entry.size)
        _convert([one.format(**places, out=new) for one in entry.convert], 3 * entry.size)
        progress("converting", entry.size, entry.size)
    elif not entry.config:  # a model folder as it is
        shutil.copytree(next(iter(places.values())), new, copy_function=os.link)
    else:
        new.mkdir()
        text = to_text(dict(entry.config), indent=2)
        (new / "config.json").write_text(text + "\n", encoding="utf-8")
    _name_domain(new / "config.json", entry)
    folder = model_folder(entry.name)
    folder.parent.mkdir(parents=True, exist_ok=True)
    shutil.rmtree(folder, ignore_errors=True)  # without a record it is no whole model
    _record(new, entry, records)
    new.replace(folder)
    return folder


def _part(source: Source, progress: Progress) -> tuple[Path, dict[str, Any]]:
    """A shared part, fetched unless it is there."""
    folder = part_folder(source.address, source.revision)
    record: dict[str, Any] = {"address": source.address, "part": folder.name}
    if (folder / RECORD).is_file():
        return folder, record
    with locked(folder.name):
        work = download_folder(folder.name)
        work.mkdir(parents=True, exist_ok=True)
        files = _fetched(source, work, progress)
        if not any(work.glob("*.safetensors")) and any(work.glob("pytorch_model*.bin")):
            progress("converting", 0, source.size)
            _convert(["weights", str(work)], 3 * source.size)
            progress("converting", source.size, source.size)
            for pickled in work.glob("pytorch_model*.bin*"):
                pickled.unlink()
        (work / RECORD).write_text(to_text(files, indent=2) + "\n", encoding="utf-8")
        folder.parent.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(folder, ignore_errors=True)
        work.replace(folder)
    return folder, record


def _fetched(source: Source, folder: Path, progress: Progress) -> dict[str, Any]:
    """Fetch the files of a source into a folder; the record of what came."""
    revision, remote = _remote(source)
    checksums = Checksums(source.address, revision)
    record: dict[str, Any] = {"address": source.address, "revision": revision, "files": {}}
    for file in remote:
        target = inside(folder, *file.name.split("/"))
        target.parent.mkdir(parents=True, exist_ok=True)
        known = source.sha256.get(file.name) or file.sha256
        report = partial(_bytes, progress, _shown(source, file), file)
        digest = download(replace(file, sha256=known), target, report)
        checksums.check(file.name, digest)
        record["files"][file.name] = {"sha256": digest, "size": target.stat().st_size}
    return record


def _remote(source: Source) -> tuple[str, list[RemoteFile]]:
    """The revision of a source, and those of its files that are wanted."""
    kind, _, rest = source.address.partition(":")
    if kind == "drive":
        return "", [drive.remote_file(rest, source.files[0])]
    if kind in ("https", "http"):
        return "", [RemoteFile(source.files[0], source.address)]
    place = huggingface if kind == "hf" else modelscope
    revision, files = place.remote_files(rest, source.revision)
    return revision, list(_wanted(source, files))


def _wanted(source: Source, files: list[RemoteFile]) -> Iterator[RemoteFile]:
    patterns = list(source.files)
    names = [file.name for file in files]
    if "*.safetensors" in patterns and not any(fnmatch(name, "*.safetensors") for name in names):
        patterns.remove("*.safetensors")
        patterns += PICKLED if len(_matching(names, PICKLED[1])) else PICKLED[:1]
    for pattern in patterns:
        needed = "*" not in pattern or pattern.endswith((".safetensors", ".bin"))
        if needed and not _matching(names, pattern):
            raise ModelError(
                f"'{source.address}' has no {pattern} any more; the catalogue of this version does "
                "not fit it."
            )
    for file in files:
        if any(fnmatch(file.name, pattern) for pattern in patterns):
            yield file


def _matching(names: list[str], pattern: str) -> list[str]:
    return [name for name in names if fnmatch(name, pattern)]


def _argument(source: Source, folder: Path) -> Path:
    """What `convert` is given: the folder, or the one file of a place that has no folders."""
    alone = source.address.startswith(("drive:", "https:", "http:"))
    return folder / source.files[0] if alone else folder


def _convert(arguments: list[str], most: int) -> None:
    """Run `momentvos convert` in a child that may use memory and disk of `most` bytes and some."""
    command = [sys.executable, "-m", "momentvos", "convert", *arguments]
    try:
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=HOURS * 3600,
            preexec_fn=partial(_limit, most),
        )
    except subprocess.TimeoutExpired:
        raise ModelError(f"The conversion took more than {HOURS} hours and was ended.") from None
    if done.returncode:
        lines = [line for line in done.stderr.strip().splitlines() if line.strip()]
        reason = lines[-1].removeprefix("Error: ") if lines else f"exit {done.returncode}"
        raise ModelError(f"What was fetched cannot be converted: {reason}")


def _limit(most: int) -> None:
    try:
        import resource
    except ImportError:  # Windows
        return
    room = 8 << 30
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (most + room, most + room))
    resource.setrlimit(resource.RLIMIT_AS, (most + room, most + room))


def _name_domain(path: Path, entry: PublicModel) -> None:
    """Write into a model's configuration what its weights know."""
    values = json.loads(path.read_text("utf-8"))
    text = to_text({**values, "domain": entry.domain}, indent=2)
    path.write_text(text + "\n", encoding="utf-8")


def _record(folder: Path, entry: PublicModel, sources: Mapping[str, Any]) -> None:
    record = {
        "name": entry.name,
        "licence": entry.licence,
        "pulled": datetime.now(UTC).isoformat(timespec="seconds"),
        "sources": sources,
    }
    (folder / RECORD).write_text(to_text(record, indent=2) + "\n", encoding="utf-8")


def _shown(source: Source, file: RemoteFile) -> str:
    """A file's name, with its repository's: those of several parts are alike."""
    kind, _, rest = source.address.partition(":")
    return f"{rest.rpartition('/')[2]}/{file.name}" if kind in ("hf", "modelscope") else file.name


def _bytes(progress: Progress, name: str, file: RemoteFile, there: int) -> None:
    progress(name, there, max(file.size or 0, there))


def _silent(stage: str, done: int, total: int) -> None:
    pass
