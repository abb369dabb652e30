"""Results of a job: predictions, masks, overlays, timelines, and every exporter's files."""

from __future__ import annotations

from pathlib import Path as File
from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query, Response
from fastapi.responses import FileResponse

from momentvos.server.api.common import FrameNumber, JobId, Number, TheService, download, problems
from momentvos.server.problem import Problem
from momentvos.server.schemas import Masks, Relevance

router = APIRouter(prefix="/api/jobs/{job}", tags=["results"])
Style = Literal["highlight", "contour", "fill", "spotlight", "blur", "cutout"]
Format = Annotated[str, Path(pattern="^[a-z0-9-]{1,32}$", description="Name of an exporter.")]
RENDERS = problems(404, 409, 429, 507)
_TYPES = {".mp4": "video/mp4", ".png": "image/png"}


@router.get(
    "/answers/{number}/prediction", response_class=FileResponse, responses=problems(404, 409)
)
def prediction(job: JobId, number: Number, service: TheService) -> FileResponse:
    """The whole answer as prediction.json, with all masks."""
    return download(service.results.file(job, number), "application/json", "prediction.json")


@router.get("/answers/{number}/masks", responses=problems(404, 409))
def masks(
    job: JobId,
    number: Number,
    service: TheService,
    start: Annotated[int, Query(ge=0, le=10_000_000)] = 0,
    stop: Annotated[int | None, Query(ge=1, le=10_000_000)] = None,
) -> Masks:
    """Masks of the frames `start` up to, without, `stop`, as run-length encodings.

    While the job runs they are those of its preview, and say so.
    """
    return service.results.masks(job, number, start, stop)


@router.get(
    "/answers/{number}/masks/{frame}",
    response_class=Response,
    responses=problems(404, 409) | {200: {"content": {"image/png": {}}}},
)
def mask(job: JobId, number: Number, frame: FrameNumber, service: TheService) -> Response:
    """The mask of a frame as a grey PNG: 255 is the object."""
    return Response(service.results.mask(job, number, frame), media_type="image/png")


@router.get("/answers/{number}/relevance", responses=problems(404, 409))
def relevance(job: JobId, number: Number, service: TheService) -> Relevance:
    """How relevant each frame is to the sentence; while the job runs as far as it is known."""
    return service.results.relevance(job, number)


@router.get("/answers/{number}/overlay", response_class=FileResponse, responses=RENDERS)
def overlay(
    job: JobId, number: Number, service: TheService, style: Style = "highlight"
) -> FileResponse:
    """The video with the object, the sentence and its moment; made at the first call."""
    return _file(service, job, [number], "overlay", style)


@router.get("/answers/{number}/timeline", response_class=FileResponse, responses=RENDERS)
def timeline(job: JobId, number: Number, service: TheService) -> FileResponse:
    """Relevance over time as a picture."""
    return _file(service, job, [number], "timeline", "plot")


@router.get("/answers/{number}/exports/{name}", response_class=FileResponse, responses=RENDERS)
def export(job: JobId, number: Number, name: Format, service: TheService) -> FileResponse:
    """One answer in the format of an exporter; a folder comes as a zip."""
    return _file(service, job, [number], "export", known(name))


@router.get("/overlay", response_class=FileResponse, responses=RENDERS)
def overlay_of_all(job: JobId, service: TheService, style: Style = "highlight") -> FileResponse:
    """One overlay of all sentences of a job."""
    return _file(service, job, None, "overlay", style)


@router.get("/exports/{name}", response_class=FileResponse, responses=RENDERS)
def export_of_all(job: JobId, name: Format, service: TheService) -> FileResponse:
    """All answers of a job in the format of an exporter; several files come as a zip."""
    return _file(service, job, None, "export", known(name))


def _file(
    service: TheService, job: str, numbers: list[int] | None, kind: str, value: str
) -> FileResponse:
    return rendered_file(service.results.rendered(job, numbers, kind, value))


def rendered_file(path: File) -> FileResponse:
    """What was rendered, as a download."""
    return download(path, _TYPES.get(path.suffix, "application/octet-stream"))


def known(name: str) -> str:
    """The name of an exporter. Raises Problem (404) where there is none of that name."""
    from momentvos.results.export.registry import exporters

    if name not in exporters():
        raise Problem(404, "There is no exporter of that name; GET /api/info lists them.")
    return name
