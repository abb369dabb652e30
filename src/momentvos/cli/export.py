"""``momentvos export``: results in the formats of film editors, annotation tools and data sets."""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from momentvos.cli.options import AsJson, Quiet
from momentvos.cli.streams import print_json
from momentvos.errors import OutputError

if TYPE_CHECKING:
    from momentvos.cli.progress import Report
    from momentvos.media import Video
    from momentvos.results.export.exporter import Options
    from momentvos.results.prediction import Prediction


class Export(typer.core.TyperCommand):
    """Command whose help ends with the formats."""

    def format_epilog(self, ctx: Any, formatter: Any) -> None:
        """Write a line per format."""
        from momentvos.results.export.registry import exporters

        with formatter.section("Formats"):
            formatter.write_dl([(name, one.title) for name, one in exporters().items()])


def export(
    prediction: Annotated[
        list[Path] | None,
        typer.Argument(
            help="Result folders or prediction.json files of `momentvos run`, or folders of "
            "several; `-o` comes behind."
        ),
    ] = None,
    to: Annotated[
        str, typer.Option(help="Format; several are joined by commas, `list` lists them.")
    ] = "",
    out: Annotated[
        Path | None,
        typer.Option(
            "-o",
            "--out",
            help="File or folder to write.  [default: in this folder, named like the video]",
        ),
    ] = None,
    video: Annotated[
        Path | None,
        typer.Option(help="The video, or the folder that holds it, where it has been moved."),
    ] = None,
    feather: Annotated[
        float, typer.Option(help="Width in pixels of the soft edge of mattes and cutouts.")
    ] = 0.0,
    grow: Annotated[
        float, typer.Option(help="Pixels by which mattes and cutouts grow; negative: shrink.")
    ] = 0.0,
    moment_only: Annotated[
        bool,
        typer.Option(
            "--moment-only",
            help="Leave out masks outside of the moment; a timeline is cut to the moments.",
        ),
    ] = False,
    background: Annotated[
        str | None, typer.Option(help="Colour behind a cutout, such as #00ff00 or white.")
    ] = None,
    images: Annotated[
        bool, typer.Option("--images", help="Write the frames beside annotations; as JPEG.")
    ] = False,
    values: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="An option of one format: shape=polygon."),
    ] = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Write PREDICTION in a format of film editors, annotation tools or data sets."""
    from momentvos.results.export.registry import check_names, listing

    if to == "list":
        typer.echo(listing())
        return
    names = check_names(to)
    if not prediction:
        raise OutputError("Nothing to export: give a result folder or a prediction.json.")

    from momentvos.cli.progress import progress_bar
    from momentvos.results.export.exporter import Options
    from momentvos.results.export.load import load
    from momentvos.results.export.registry import exporter
    from momentvos.results.export.writing import default_name, outputs
    from momentvos.results.export.writing import export as write

    chosen = Options(video, feather, grow, moment_only, background, images, _pairs(values or []))
    for name in names:
        exporter(name).check(name, chosen)
    predictions, files = load(prediction)
    if len(names) > 1 and out is not None and out.suffix and not out.is_dir():
        raise OutputError(f"Several formats need a folder, and '{out}' looks like a file.")
    paths: list[Path] = []
    with progress_bar(quiet) as report:
        for name in names:
            place = out
            if len(names) > 1 and out is not None:
                entry = exporter(name)
                single = len(outputs(predictions, entry)) == 1
                place = out / (default_name(name, entry) if single else name)
            written = write(
                predictions, name, place, _reporting(chosen, partial(report, name)), files
            )
            paths += written.paths
            _say(() if as_json else written.paths, written.notes)
    if as_json:
        print_json([str(path) for path in paths])


def export_results(
    names: Sequence[str],
    predictions: "Sequence[Prediction]",
    folders: Sequence[Path],
    out: Path,
    video: "Video",
    report: "Report",
) -> list[Path]:
    """Write results of one run in formats, under the formats' names; returns the paths.

    A format that takes several sentences goes into `out`, others into each result folder.
    """
    from momentvos.results.export.exporter import Options
    from momentvos.results.export.registry import exporter
    from momentvos.results.export.writing import default_name
    from momentvos.results.export.writing import export as write

    paths: list[Path] = []
    for name in names:
        entry = exporter(name)
        file = default_name(name, entry)
        parts = [(out, list(predictions))]
        if entry.holds == "sentence":
            parts = [(folder, [one]) for folder, one in zip(folders, predictions, strict=True)]
        for folder, ones in parts:
            chosen = _reporting(Options(video), partial(report, f"export {name}"))
            paths += write(ones, name, folder / file, chosen).paths
    return paths


def check_formats(text: str | None) -> list[str]:
    """Names of formats that can be written here, before anything slow. Raises OutputError."""
    if text is None:
        return []
    from momentvos.results.export.exporter import Options
    from momentvos.results.export.registry import check_names, exporter

    names = check_names(text)
    for name in names:
        exporter(name).check(name, Options())
    return names


def _reporting(options: "Options", progress: Callable[[int, int], None]) -> "Options":
    from dataclasses import replace

    return replace(options, progress=progress)


def _pairs(values: Sequence[str]) -> dict[str, str]:
    pairs = {}
    for text in values:
        key, equals, value = text.partition("=")
        if not equals or not key:
            raise OutputError(f"'{text}' is no KEY=VALUE.")
        pairs[key.strip()] = value.strip()
    return pairs


def _say(paths: Sequence[Path], notes: Sequence[str]) -> None:
    for path in paths:
        typer.echo(str(path))
    for note in notes:
        typer.echo(f"Note: {note}", err=True)
