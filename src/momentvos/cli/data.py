"""``momentvos data``: integrity checks and previews of data sets on disk."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from momentvos.cli import complete, options
from momentvos.cli.streams import print_json

if TYPE_CHECKING:
    from momentvos.data.formats.catalogue import Dataset
    from momentvos.data.formats.check import Faults, SplitCheck

SHOWN = 12
"""Most groups of faults that are listed."""

app = typer.Typer(no_args_is_help=True, help="Check and preview data sets on disk.")

Name = Annotated[
    str,
    typer.Argument(
        help="A name that `momentvos data list` knows.", autocompletion=complete.datasets
    ),
]
Root = Annotated[Path, typer.Argument(help="Folder of the data set.")]


@app.command("list")
def list_command(as_json: options.AsJson = False) -> None:
    """Names, splits with their published counts, and licences of the data sets that are read."""
    from momentvos.data.formats import datasets

    if as_json:
        print_json([_to_json(one) for one in datasets().values()], indent=1)
        return
    rows = [("name", "split", "videos", "sentences", "licence of the annotations")]
    for one in datasets().values():
        for place, (split, known) in enumerate(one.splits.items()):
            name, licence = (one.name, one.licence) if place == 0 else ("", "")
            rows.append((name, split, _count(known.videos), _count(known.sentences), licence))
    typer.echo(_table(rows, right=(2, 3)))


@app.command("check")
def check_command(
    name: Name,
    root: Root,
    split: options.AnySplit = None,
    deep: Annotated[
        bool, typer.Option("--deep", help="Also decode every frame and open every video.")
    ] = False,
    as_json: options.AsJson = False,
    quiet: options.Quiet = False,
) -> None:
    """Count what is present of a data set, and name every file and key that is missing or broken.

    All splits are looked at, unless --split names one. Exit code 1 where something is broken.
    """
    from momentvos.data.formats import dataset

    known = dataset(name)
    known.check(root, split)

    from momentvos.cli.progress import progress_bar
    from momentvos.data.formats.check import check
    from momentvos.errors import DataError

    splits = [split] if split else known.parts(root)
    with progress_bar(quiet, unit="videos") as report:
        results = list(check(known, root, splits, deep, report))
    if not any(one.present for one in results):
        raise DataError(next(iter(results[0].broken.groups.values()))[0])
    present = [one for one in results if one.present]
    if as_json:
        print_json([_checked(one) for one in present], indent=1)
    else:
        typer.echo(f"{known.title} in {root}\n\n{_splits(results)}")
        for one in present:
            _list(f"{one.split}, notes", one.notes)
            _list(f"{one.split}, broken", one.broken)
    if any(len(one.broken) for one in present):
        raise typer.Exit(1)


@app.command("show")
def show_command(
    name: Name,
    root: Root,
    sample: Annotated[str, typer.Argument(metavar="ID", help="VIDEO/EXPRESSION, or VIDEO.")],
    split: options.AnySplit = None,
    out: Annotated[Path | None, options.picture("NAME-VIDEO-EXPRESSION.png")] = None,
) -> None:
    """Draw a sample: its sentence, some frames with masks, and the moment of each target."""
    from momentvos.data.formats import dataset, refuse
    from momentvos.data.formats import open as open_dataset
    from momentvos.errors import DataError
    from momentvos.paths import slug

    dataset(name).check(root, split)

    def tolerate(broken: Exception) -> None:
        """Ignore a fault, because the other samples can still be drawn."""

    samples = open_dataset(name, root, split, tolerate)
    wanted = [one for one in samples if f"{one.video_id}/{one.expression_id}" == sample]
    wanted = wanted or [one for one in samples if one.video_id == sample]
    if not wanted:
        open_dataset(name, root, split, refuse)
        example = f"; {samples[0].video_id}/{samples[0].expression_id} is one" if samples else ""
        raise DataError(f"There is no sample '{sample}' in this split{example}.")
    from momentvos.data.formats.preview import save

    one = wanted[0]
    parts = [slug(text) for text in (name, one.video_id, one.expression_id)]
    typer.echo(str(save(one, out or Path("-".join(parts) + ".png"))))


def _to_json(one: "Dataset") -> dict[str, Any]:
    splits = {
        name: {"videos": known.videos, "sentences": known.sentences}
        for name, known in one.splits.items()
    }
    return {"name": one.name, "title": one.title, "licence": one.licence, "splits": splits}


def _checked(one: "SplitCheck") -> dict[str, Any]:
    counts = ("split", "videos", "sentences", "files", "masks", "moments")
    said = {
        name: [str(fault) for group in faults.groups.values() for fault in group]
        for name, faults in (("notes", one.notes), ("broken", one.broken))
    }
    return {name: getattr(one, name) for name in counts} | said


def _splits(results: Sequence["SplitCheck"]) -> str:
    rows = [("split", "videos", "sentences", "files", "masks", "moments", "")]
    for one in results:
        if not one.present:
            rows.append((one.split, "", "", "", "", "", "not there"))
            continue
        verdict = f"{len(one.broken):,} broken" if len(one.broken) else "good"
        rows.append(
            (
                one.split,
                _of(one.videos, one.published.videos),
                _of(one.sentences, one.published.sentences),
                _count(one.files),
                _count(one.masks),
                _count(one.moments),
                verdict,
            )
        )
    return _table(rows, right=(1, 2, 3, 4, 5))


def _of(count: int, published: int | None) -> str:
    return f"{count:,}" if published is None else f"{count:,} of {published:,}"


def _count(value: int | None) -> str:
    return "" if value is None else f"{value:,}"


def _table(rows: Sequence[Sequence[str]], right: Sequence[int]) -> str:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [
        "  ".join(
            text.rjust(width) if place in right else text.ljust(width)
            for place, (text, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]
    return "\n".join(lines)


def _list(title: str, faults: "Faults") -> None:
    if not len(faults):
        return
    typer.echo(f"\n{title}: {len(faults):,}")
    groups = list(faults.groups.values())
    for group in groups[:SHOWN]:
        more = f" And {len(group) - 1:,} like it." if len(group) > 1 else ""
        typer.echo(f"  {group[0]}{more}")
    if len(groups) > SHOWN:
        typer.echo(f"  and {sum(map(len, groups[SHOWN:])):,} of other kinds")
