"""Results of several jobs about one video, such as of sentences that were corrected."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import FileResponse

from momentvos.server.api.common import TheService, VideoId
from momentvos.server.api.results import RENDERS, Format, Style, known, rendered_file

router = APIRouter(prefix="/api/videos/{video}", tags=["results"])
Answers = Annotated[
    list[Annotated[str, Query(pattern=r"^[0-9a-f]{32}\.[0-9]{1,3}$")]],
    Query(
        min_length=1,
        max_length=64,
        description="Answers in their order, each as the id of a job, a dot, and a number.",
    ),
]


@router.get("/overlay", response_class=FileResponse, responses=RENDERS)
def overlay(
    video: VideoId, answers: Answers, service: TheService, style: Style = "highlight"
) -> FileResponse:
    """One overlay of the answers."""
    return rendered_file(service.results.together(video, _pairs(answers), "overlay", style))


@router.get("/exports/{name}", response_class=FileResponse, responses=RENDERS)
def export(video: VideoId, name: Format, answers: Answers, service: TheService) -> FileResponse:
    """The answers in the format of an exporter; several files come as a zip."""
    return rendered_file(service.results.together(video, _pairs(answers), "export", known(name)))


def _pairs(answers: list[str]) -> list[tuple[str, int]]:
    """Job and number of each."""
    return [(job, int(number)) for job, _, number in (one.partition(".") for one in answers)]
