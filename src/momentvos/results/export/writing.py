"""Export of predictions: output paths, checks before work, results that appear complete."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from momentvos.errors import OutputError
from momentvos.masklet import Masklet
from momentvos.paths import real
from momentvos.results.atomic_directory import NOTHING, atomic_directory
from momentvos.results.export.exporter import Exporter, Options
from momentvos.results.export.names import by_video, file_name, unique
from momentvos.results.export.registry import exporter
from momentvos.results.prediction import Prediction
from momentvos.results.stage import stage


@dataclass(frozen=True)
class Written:
    """What an export has written.

    paths: files and folders, one or several. notes: what the user should know.
    """

    paths: tuple[Path, ...]
    notes: tuple[str, ...]


def export(
    predictions: Prediction | Sequence[Prediction],
    to: str,
    out: str | Path | None = None,
    options: Options | None = None,
    protect: Iterable[Path] = (),
) -> Written:
    """Write predictions in a format.

    Args:
        predictions: one, or several about any videos.
        to: name of a format, see `exporters`.
        out: file or folder to write. In a folder (one that exists, or a name without suffix) files
            get names of their own; a format that cannot hold all predictions writes one file each.
            By default in the current folder, named like the video.
        options: what the user wants changed.
        protect: files that must not be replaced, beside the videos.

    Returns:
        Written: paths and notes. What was there before is replaced only by complete results.

    Raises:
        OutputError: for an unknown format, options that mean nothing there, a library that lacks,
            and an output that cannot be written or would replace a video or other people's files.
        VideoError: where a video is gone that the format needs, or is another one.
    """
    options = options or Options()
    every = [predictions] if isinstance(predictions, Prediction) else list(predictions)
    if not every:
        raise OutputError("There is no prediction to export.")
    entry = exporter(to)
    jobs = plan(every, to, entry, None if out is None else Path(out))
    for path, ones in jobs:
        _check_output(path, ones, entry, protect)
        entry.check(to, options, path.suffix)
    written = entry.load()
    notes: list[str] = []
    for path, ones in jobs:
        chosen = [only_moment(one) for one in ones] if options.moment_only else ones
        if isinstance(options.video, str | Path) and not Path(options.video).exists():
            raise OutputError(f"'{options.video}' does not exist; check --video.")
        try:
            if _is_folder(path, entry):
                with atomic_directory(
                    path, re.compile(entry.ours) if entry.ours else NOTHING
                ) as new:
                    notes += written(chosen, new, options) or ()
            else:
                path.parent.mkdir(parents=True, exist_ok=True)
                with stage(path.parent) as place:
                    notes += written(chosen, place / path.name, options) or ()
                    for made in sorted(place.iterdir()):
                        made.replace(path.parent / made.name)
        except OSError as error:
            raise OutputError(
                f"'{path}' cannot be written: {error.strerror or error}; choose another place or "
                "make room."
            ) from None
    return Written(tuple(path for path, _ in jobs), tuple(dict.fromkeys(notes)))


def plan(
    predictions: Sequence[Prediction], name: str, entry: Exporter, out: Path | None
) -> list[tuple[Path, list[Prediction]]]:
    """Outputs with the predictions that each takes. Raises OutputError for an impossible one."""
    parts = outputs(predictions, entry)
    if len(parts) == 1:
        stem = by_video(predictions)[0].name if out is None else ""
        return [(_single(out, name, entry, stem), parts[0][1])]
    if out is not None and out.suffix and out.suffix in entry.suffixes and not out.is_dir():
        what = "video" if entry.holds == "video" else "sentence"
        raise OutputError(
            f"A file of {name} holds one {what}, but there are {len(parts)}: give a folder with -o."
        )
    folder = Path(name) if out is None else out
    if folder.exists() and not folder.is_dir():
        raise OutputError(f"'{folder}' is in the way; it is no folder.")
    suffix = entry.suffixes[0]
    return [(folder / f"{stem}{suffix}", ones) for stem, ones in parts]


def outputs(
    predictions: Sequence[Prediction], entry: Exporter
) -> list[tuple[str, list[Prediction]]]:
    """What goes into one output each, with a name for it; all together have none."""
    groups = by_video(predictions)
    if entry.holds == "videos":
        return [("", [one for group in groups for one in group.predictions])]
    if entry.holds == "video":
        return [(group.name, list(group.predictions)) for group in groups]
    ones = [
        (f"{group.name}-{file_name(one.sentence[:40].lower(), 'sentence')}", one)
        for group in groups
        for one in group.predictions
    ]
    names = unique(name for name, _ in ones)
    return [(name, [one]) for name, (_, one) in zip(names, ones, strict=True)]


def default_name(name: str, entry: Exporter) -> str:
    """Name of a format's output in a folder: ``coco.json``, ``moments.srt``, ``mevis``."""
    suffix = entry.suffixes[0]
    return f"{name.removesuffix(suffix[1:]).rstrip('-') or 'moments'}{suffix}" if suffix else name


def only_moment(prediction: Prediction) -> Prediction:
    """The prediction without masks outside of its moment."""
    masklet, moment = prediction.masklet, prediction.moment
    kept = [
        masklet.rle(frame) if frame in moment else None for frame in range(prediction.video.length)
    ]
    return replace(prediction, masklet=Masklet.from_json(kept, masklet.size))


def _single(out: Path | None, name: str, entry: Exporter, stem: str) -> Path:
    """Path of the only output."""
    if out is None:
        return Path(f"{stem}-{default_name(name, entry)}")
    if out.suffix and out.suffix.lower() in entry.suffixes and not out.is_dir():
        return out.with_suffix(out.suffix.lower()) if out.suffix != out.suffix.lower() else out
    if entry.is_folder:
        if out.exists() and not out.is_dir():
            raise OutputError(f"'{out}' is in the way; {name} is a folder.")
        return out
    if out.suffix and not out.is_dir():
        kinds = " or ".join(entry.suffixes)
        raise OutputError(f"'{out}' should end in {kinds}, for that is what {name} writes.")
    return out / default_name(name, entry)


def _is_folder(path: Path, entry: Exporter) -> bool:
    return "" in entry.suffixes and path.suffix not in entry.suffixes[1:]


def _check_output(
    path: Path, predictions: Sequence[Prediction], entry: Exporter, protect: Iterable[Path]
) -> None:
    """Raise OutputError where an output would replace a video or files of others."""
    target, folder = real(path), _is_folder(path, entry)
    kept = {real(Path(one.video.path)) for one in predictions} | {real(one) for one in protect}
    for source in kept:
        inside = folder and target in source.parents
        if target == source or (
            inside and re.fullmatch(entry.ours, source.relative_to(target).as_posix())
        ):
            raise OutputError(f"'{path}' would replace '{source}'; choose another output with -o.")
    if path.exists() and path.is_dir() != folder:
        raise OutputError(
            f"'{path}' is in the way: it is {'no' if folder else 'a'} folder; choose "
            "another output."
        )
    if folder and path.is_dir() and not entry.ours and any(path.iterdir()):
        raise OutputError(f"The folder '{path}' is not empty; choose a new one.")
