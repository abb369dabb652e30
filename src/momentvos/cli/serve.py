"""``momentvos serve``: videos and sentences over HTTP, for this machine unless a login is asked."""

from pathlib import Path
from typing import Annotated

import typer

from momentvos.cli import malloc, options
from momentvos.cli.activity import announce


def serve(
    host: Annotated[
        str,
        typer.Option(help="Address to listen at; one beyond this machine needs a login."),
    ] = "127.0.0.1",
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="Port to listen at; 0 takes a free one.")
    ] = 8600,
    data: options.ServerData = None,
    model: options.Model = "tgl-mini",
    device: options.Device = "auto",
    grounder: options.Grounder = None,
    no_selection: options.NoSelection = False,
    token_file: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="File with the token that programs must send."),
    ] = None,
    secure_cookie: Annotated[
        bool,
        typer.Option("--secure-cookie", help="Let browsers send a login over HTTPS alone."),
    ] = False,
    allow_host: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME", help="Further name by which clients call the server. Repeatable."
        ),
    ] = None,
    database: options.Database = None,
    library: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="Folder whose videos clients may name by their path."),
    ] = None,
    max_upload: Annotated[
        str, typer.Option(metavar="SIZE", help="Most bytes of a video, such as 500MB.")
    ] = "2GiB",
    max_seconds: Annotated[
        float, typer.Option(min=0.1, help="Longest video, in seconds.")
    ] = 1800.0,
    queue: Annotated[int, typer.Option(min=1, max=100_000, help="Most jobs that wait.")] = 64,
    time_limit: Annotated[float, typer.Option(min=0.1, help="Most seconds of one job.")] = 3600.0,
    keep: Annotated[
        float,
        typer.Option(min=0.01, help="Hours after which a video that nobody uses is removed."),
    ] = 24.0,
    count: options.Threads = None,
    resolution: options.Resolution = None,
    dtype: options.Dtype = options.DType.float32,
    compiled: options.Compile = False,
    yes: options.Yes = False,
    quiet: options.Quiet = False,
) -> None:
    """Serve models over HTTP: upload a video, ask sentences, fetch moments and masks.

    --model and --device take several, separated by commas: all models on each device.
    """
    from momentvos.cli.pull import ready
    from momentvos.media.spool import size
    from momentvos.reachable import check_device
    from momentvos.server.serve import check_installed, read_token, serve
    from momentvos.server.settings import Limits, Settings
    from momentvos.systems.execution import Execution

    check_installed()
    names, devices = _listed(model), _listed(device)
    for one in devices:
        check_device(one)
    if grounder is not None:
        from momentvos.grounding.spec import parse
        from momentvos.systems.pretrained import check_grounder

        check_grounder(parse(grounder))
    settings = Settings(
        (data or options.SERVER_DATA).absolute(),
        names,
        devices,
        host,
        port,
        None if token_file is None else read_token(token_file),
        tuple(allow_host or ()),
        database,
        library,
        grounder,
        not no_selection,
        Execution(resolution, dtype.value, compiled),
        count,
        Limits(
            video_bytes=size(max_upload),
            video_seconds=max_seconds,
            queue=queue,
            job_seconds=time_limit,
            ttl=keep * 3600,
        ),
        secure_cookie,
    )
    for name in names:
        ready(name, yes, quiet)
    from momentvos.studio.attach import attach  # needs what was just checked

    malloc.map_large_blocks_of_children()
    malloc.keep_few_kernels()

    def listening(url: str) -> None:
        announce(f"MomentVOS serves {model} at {url} (Ctrl-C ends it)", quiet)

    serve(settings, listening, [attach])


def _listed(text: str) -> tuple[str, ...]:
    """Parts of a text between commas, each once."""
    return tuple(dict.fromkeys(part.strip() for part in text.split(",") if part.strip()))
