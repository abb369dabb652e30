"""``momentvos studio``: data sets into the studio and out of it, beside a server or without one."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from momentvos.cli import options
from momentvos.cli.activity import announce
from momentvos.cli.server_database import server_database
from momentvos.cli.streams import print_json

if TYPE_CHECKING:
    from momentvos.server.database import Database

app = typer.Typer(
    no_args_is_help=True,
    help="Import and export what people annotate at /studio of `momentvos serve`.",
)
_WHO = "(command line)"
ProjectName = Annotated[str, typer.Argument(metavar="PROJECT", help="Name of the project.")]


@app.command("import")
def import_(
    folder: Annotated[
        Path,
        typer.Argument(
            metavar="FOLDER",
            help="Data set in MeViS's form, Ref-YouTube-VOS, or a folder of videos.",
        ),
    ],
    name: Annotated[
        str | None, typer.Option(help="Name of the project.  [default: that of the folder]")
    ] = None,
    dataset: Annotated[
        str | None,
        typer.Option(help="Name of the data set, or 'videos'.  [default: by what is there]"),
    ] = None,
    split: options.AnySplit = None,
    annotators: Annotated[
        int, typer.Option(min=1, max=20, help="How many people annotate each sentence.")
    ] = 1,
    agree_at: Annotated[
        float,
        typer.Option(
            min=0, max=1, help="Mean tIoU from which on two agree, so that nobody must decide."
        ),
    ] = 0.8,
    data: options.ServerData = None,
    database: options.Database = None,
    as_json: options.AsJson = False,
    quiet: options.Quiet = False,
) -> None:
    """Import a data set; its frames and masks stay where they are.

    The server sees the new project at once.
    """
    with _database(data, database, new=True) as there:
        from dataclasses import asdict

        from momentvos.server.inspection import inspect
        from momentvos.server.settings import Limits
        from momentvos.studio.imports.read import read
        from momentvos.studio.projects import Projects

        limits = asdict(Limits())
        new = read(folder, dataset, split, lambda path: inspect(path, limits))
        title = name or folder.absolute().name
        number = Projects(there).add(title, new, _WHO, annotators, agree_at)
    expressions = sum(len(video.expressions) for video in new.videos)
    announce(
        f"'{title}' has {len(new.videos)} videos and {expressions} expressions; annotate them at "
        "/studio of `momentvos serve`",
        quiet,
    )
    if as_json:
        figures = {"videos": len(new.videos), "expressions": expressions}
        print_json({"project": number, "name": title} | figures)


@app.command("assign")
def assign(
    project: ProjectName,
    names: Annotated[list[str], typer.Argument(metavar="NAME...", help="Accounts of annotators.")],
    each: Annotated[int, typer.Option(min=1, help="How many people get each sentence.")] = 1,
    blank: Annotated[
        bool, typer.Option("--blank", help="Begin without the moments of the data set.")
    ] = False,
    data: options.ServerData = None,
    database: options.Database = None,
    as_json: options.AsJson = False,
    quiet: options.Quiet = False,
) -> None:
    """Share the sentences of a project among annotators; those of a video stay together."""
    with _database(data, database) as there:
        from momentvos.studio.projects import Projects

        number = _number(there, project)
        given = Projects(there).share(number, names, _WHO, each, blank)
    for one, count in given.items():
        announce(f"{one}: {count} more", quiet)
    if as_json:
        print_json(given)


@app.command("list")
def list_(
    data: options.ServerData = None,
    database: options.Database = None,
    as_json: options.AsJson = False,
) -> None:
    """List projects, and how far they are."""
    with _database(data, database) as there:
        from momentvos.server.user import EVERYBODY
        from momentvos.studio.queries import Queries

        projects = Queries(there).projects(EVERYBODY)
    if as_json:
        print_json([one.model_dump(mode="json") for one in projects])
        return
    for one in projects:
        counts = ", ".join(f"{number} {status}" for status, number in one.counts.items())
        typer.echo(f"{one.name}: {one.expressions} expressions ({counts})")


@app.command("agreement")
def agreement(
    project: ProjectName,
    data: options.ServerData = None,
    database: options.Database = None,
    as_json: options.AsJson = False,
) -> None:
    """Say how far annotators agree: tIoU by object, and Krippendorff's alpha over frames."""
    with _database(data, database) as there:
        from momentvos.studio.queries import Queries

        figures = Queries(there).agreement(_number(there, project))
    if as_json:
        print_json(figures.model_dump(mode="json"))
        return
    for one in figures.pairs:
        about = f"{one.first} and {one.second}: {one.expressions} expressions"
        typer.echo(f"{about}, tIoU {_shown(one.tiou)}, alpha {_shown(one.alpha)}")
    about = f"all: {figures.expressions} expressions"
    typer.echo(f"{about}, tIoU {_shown(figures.tiou)}, alpha {_shown(figures.alpha)}")


@app.command("export")
def export(
    project: ProjectName,
    out: Annotated[Path, typer.Argument(metavar="OUT", help="A new folder, or a file.")],
    form: Annotated[
        str,
        typer.Option(
            "--to", help="Format; mevis-m, frames (indices), spans (CSV), elan, coco, ..."
        ),
    ] = "mevis-m",
    images: Annotated[
        bool,
        typer.Option(
            "--images", help="Write the frames beside annotations; mevis-m, as links or copies."
        ),
    ] = False,
    data: options.ServerData = None,
    database: options.Database = None,
    as_json: options.AsJson = False,
    quiet: options.Quiet = False,
) -> None:
    """Export a project as it is at this moment, while others go on."""
    with _database(data, database) as there:
        from momentvos.studio.exports.export import check, write
        from momentvos.studio.snapshot import take

        check(form)
        snapshot = take(there, _number(there, project))
    notes = list(write(snapshot, form, out, images))
    for note in notes:
        announce(note, quiet)
    announce(f"'{project}' as of change {snapshot.event} is in {out}", quiet)
    if as_json:
        print_json({"project": project, "change": snapshot.event, "path": str(out), "notes": notes})


@contextmanager
def _database(data: Path | None, url: str | None, new: bool = False) -> "Iterator[Database]":
    """The server's database, with the studio's tables; what is refused is an ArgumentError.

    new: its folder may be a new one.
    """
    from momentvos.errors import ArgumentError

    with server_database(data, url, new) as database:
        from momentvos.server.problem import Problem
        from momentvos.studio.schema import migrate

        try:
            migrate(database.engine)
            yield database
        except Problem as problem:
            raise ArgumentError(problem.detail) from None


def _number(database: "Database", name: str) -> int:
    """Id of a project. Raises ArgumentError."""
    from sqlalchemy import select

    from momentvos.errors import ArgumentError
    from momentvos.studio.tables import ProjectRow
    from momentvos.suggestion import did_you_mean

    with database.read() as session:
        rows = session.execute(select(ProjectRow.name, ProjectRow.id))
        names = {row.name: row.id for row in rows}
    if name not in names:
        raise ArgumentError(f"There is no project '{name}'{did_you_mean(name, names)}")
    return names[name]


def _shown(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"
