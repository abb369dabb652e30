"""Projects: import, list, share among annotators, agreement, export."""

from __future__ import annotations

import secrets
import shutil
from functools import partial
from pathlib import Path as File
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query
from fastapi.responses import FileResponse
from starlette.background import BackgroundTask

from momentvos.errors import OutputError
from momentvos.paths import inside, slug
from momentvos.server.api.common import TheUser, needs, problems
from momentvos.server.media import PATIENCE
from momentvos.server.problem import Problem
from momentvos.studio.access import me
from momentvos.studio.api.common import Id, TheStudio
from momentvos.studio.exports import export as exports
from momentvos.studio.schemas import Agreement, Assignment, NewExpression, NewProject, Page, Project
from momentvos.studio.snapshot import take

router = APIRouter(prefix="/api/studio/projects", tags=["studio"])
_SUFFIXES = {"frames": ".json", "spans": ".csv"}


@router.get("", responses=problems())
def projects(studio: TheStudio, user: TheUser) -> list[Project]:
    """All projects."""
    return studio.queries.projects(user)


@router.post("", status_code=201, dependencies=[needs("admin")], responses=problems(404, 409))
def add(asked: NewProject, studio: TheStudio, user: TheUser) -> Project:
    """Import a folder of the server's library."""
    from momentvos.studio.imports.read import read

    service = studio.service
    library = service.settings.library
    if library is None:
        raise Problem(
            403, "This server has no library; import by `momentvos studio import FOLDER`."
        )
    try:
        folder = inside(library, *[part for part in asked.path.split("/") if part])
    except OutputError:
        raise Problem(404, "The library has no such folder.") from None
    new = read(
        folder, asked.dataset, asked.split, lambda path: service.media.inspect(path, path.name)
    )
    number = studio.projects.add(asked.name, new, me(user), asked.wanted, asked.agree_at)
    return studio.queries.project(number, user)


@router.get("/{project}", responses=problems(404))
def project(project: Id, studio: TheStudio, user: TheUser) -> Project:
    """One project."""
    return studio.queries.project(project, user)


@router.delete(
    "/{project}", status_code=204, dependencies=[needs("admin")], responses=problems(404)
)
def remove(project: Id, studio: TheStudio) -> None:
    """Remove a project with all that was said about it; its files stay."""
    studio.projects.remove(project)


@router.get("/{project}/expressions", responses=problems(404))
def expressions(
    project: Id,
    studio: TheStudio,
    user: TheUser,
    offset: Annotated[int, Query(ge=0, le=10_000_000)] = 0,
    limit: Annotated[int, Query(ge=1, le=500)] = 200,
    search: Annotated[str, Query(max_length=200)] = "",
    status: Literal["open", "done", "disputed", "final"] | None = None,
    mine: Literal["todo", "handed_in"] | None = None,
) -> Page:
    """A part of the list of expressions, which can be searched."""
    return studio.queries.expressions(project, user, offset, limit, search, status, mine)


@router.post("/{project}/expressions", status_code=201, dependencies=[needs("admin")])
def add_expression(
    project: Id, asked: NewExpression, studio: TheStudio, user: TheUser
) -> dict[str, int]:
    """Add a sentence about a video."""
    number = studio.projects.add_expression(project, asked.video, asked.sentence, me(user))
    return {"id": number}


@router.get("/{project}/videos", responses=problems(404))
def videos(project: Id, studio: TheStudio) -> list[dict[str, Any]]:
    """Id and name of each video."""
    return studio.queries.videos(project)


@router.post("/{project}/assignments", dependencies=[needs("admin")], responses=problems(404))
def assign(project: Id, asked: Assignment, studio: TheStudio, user: TheUser) -> dict[str, int]:
    """Share expressions among annotators; how many each has got new."""
    if asked.expressions is None:
        return studio.projects.share(project, asked.to, me(user), asked.each, asked.blank)
    given = partial(studio.projects.assign, project, asked.expressions)
    return {name: given(name, me(user), asked.blank) for name in asked.to}


@router.get("/{project}/agreement", dependencies=[needs("reviewer")], responses=problems(404))
def agreement(project: Id, studio: TheStudio) -> Agreement:
    """How far annotators agree."""
    return studio.queries.agreement(project)


@router.get("/{project}/formats", responses=problems())
def formats(project: Id) -> dict[str, str]:
    """Names and titles of formats to export."""
    return exports.formats()


@router.get(
    "/{project}/exports/{name}",
    response_class=FileResponse,
    dependencies=[needs("reviewer")],
    responses=problems(404, 429),
)
def export(
    project: Id,
    name: Annotated[str, Path(pattern="^[a-z0-9-]{1,32}$")],
    studio: TheStudio,
) -> FileResponse:
    """The project at one point of its history in a format; a folder comes as a zip.

    The header X-Event is the number of the last change that is in it.
    """
    if name not in exports.formats():
        raise Problem(404, "There is no format of that name; GET formats lists them.")
    if not studio.exporting.acquire(timeout=PATIENCE):
        raise Problem(429, "Other exports are being written; try again soon.", after=5)
    out = studio.service.store.incoming / secrets.token_hex(16)
    try:
        snapshot = take(studio.service.database, project)
        out.mkdir()
        made = out / f"{slug(snapshot.name, 'project')}{_SUFFIXES.get(name, '')}"
        exports.write(snapshot, name, made)
        file = _packed(out, made)
    except BaseException:
        shutil.rmtree(out, ignore_errors=True)
        raise
    finally:
        studio.exporting.release()
    return FileResponse(
        file,
        media_type="application/octet-stream",
        filename=file.name,
        headers={"X-Event": str(snapshot.event)},
        background=BackgroundTask(shutil.rmtree, out, ignore_errors=True),
    )


def _packed(out: File, made: File) -> File:
    """What was written as one file."""
    written = sorted(out.iterdir())
    if len(written) == 1 and written[0].is_file():
        return written[0]
    folder = made if len(written) == 1 else out
    archive = out.with_name(f"{out.name}-zip")
    packed = File(shutil.make_archive(str(archive), "zip", folder))
    return packed.rename(out / f"{made.stem}.zip")
