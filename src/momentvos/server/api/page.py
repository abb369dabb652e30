"""What a browser gets: the page at /, its files, and for programs the API in a few lines."""

from __future__ import annotations

from pathlib import Path as File
from typing import Annotated

from fastapi import APIRouter, Header, Path, Response
from fastapi.responses import FileResponse, PlainTextResponse

from momentvos import __version__
from momentvos.errors import MomentVOSError
from momentvos.packaged import packaged
from momentvos.server.api.common import problems
from momentvos.server.problem import Problem
from momentvos.server.shipped import Shipped

router = APIRouter(tags=["page"])
FILES = Shipped(File(__file__).parents[1] / "page")
_ABOUT = """\
MomentVOS {version}: give it a video and a sentence; it answers when and which pixels.

POST /api/videos?name=clip.mp4   the bytes of a video
POST /api/jobs                   {{"video": ID, "asks": [{{"sentence": "the dog that jumps"}}]}}
GET  /api/jobs/ID/events         how far it is, as server-sent events
GET  /api/jobs/ID                the job and its answers
GET  /openapi.json               everything else

A browser gets a page here.
"""


@router.get("/", response_class=PlainTextResponse, responses=problems())
def about(
    accept: Annotated[str, Header()] = "", if_none_match: Annotated[str | None, Header()] = None
) -> Response:
    """The page for who accepts HTML; else the API in a few lines."""
    answer: Response | None = None
    if "text/html" in accept.lower():
        answer = FILES.answer("index.html", if_none_match)
    if answer is None:
        answer = PlainTextResponse(_ABOUT.format(version=__version__))
    answer.headers["Vary"] = "Accept"
    return answer


@router.get("/page/sample.mp4", include_in_schema=False)
def sample() -> FileResponse:
    """The sample video, to be sent back as a video of the user's; its sentence is a header."""
    try:
        folder = packaged("samples")
    except MomentVOSError as error:
        raise Problem(404, str(error)) from None
    sentence = (folder / "demo.txt").read_text("utf-8").strip()
    return FileResponse(
        folder / "demo.mp4", media_type="video/mp4", headers={"X-Sentence": sentence}
    )


@router.get("/page/{name}", include_in_schema=False)
def file(
    name: Annotated[str, Path(max_length=60)],
    if_none_match: Annotated[str | None, Header()] = None,
) -> Response:
    """A file of the page."""
    return FILES.file(name, if_none_match)
