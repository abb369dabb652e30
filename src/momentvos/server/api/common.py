"""What routes share: the service, parameters, and problems in the API's description."""

from __future__ import annotations

from pathlib import Path as File
from typing import Annotated, Any

from fastapi import Depends, Path, Request
from fastapi.responses import FileResponse

from momentvos.server.problem import MEDIA_TYPE, Problem
from momentvos.server.schemas import ProblemContent
from momentvos.server.service import Service
from momentvos.server.user import Role, User

_WITH_ARTICLE = {
    "reader": "a reader",
    "annotator": "an annotator",
    "reviewer": "a reviewer",
    "admin": "an admin",
}
_ID = "^[0-9a-f]{32}$"
VideoId = Annotated[str, Path(pattern=_ID, description="Id of a video.")]
JobId = Annotated[str, Path(pattern=_ID, description="Id of a job.")]
Number = Annotated[int, Path(ge=0, le=1000, description="Place of a sentence in its job, from 0.")]
FrameNumber = Annotated[int, Path(ge=0, le=10_000_000, description="Number of a frame, from 0.")]


def _service(request: Request) -> Service:
    service: Service = request.app.state.service
    return service


def _user(request: Request) -> User:
    user: User = request.state.user
    return user


TheService = Annotated[Service, Depends(_service)]
TheUser = Annotated[User, Depends(_user)]


def needs(role: Role) -> Any:
    """A dependency of routes that only users may call who may do what a role may."""

    def check(user: TheUser) -> None:
        if not user.may(role):
            raise Problem(403, f"This needs the role of {_WITH_ARTICLE[role]}.")

    return Depends(check)


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Descriptions of what can go wrong with a route, besides what can with all."""
    content = {MEDIA_TYPE: {"schema": ProblemContent.model_json_schema()}}
    every = (*statuses, 401, 403, 413, 421, 422)
    return {status: {"description": "A problem.", "content": content} for status in every}


def download(path: File, media_type: str, name: str | None = None) -> FileResponse:
    """A file that browsers save and never show as a page."""
    return FileResponse(path, media_type=media_type, filename=name or path.name)
