"""Videos: upload, register, list, frames by number, remove."""

from __future__ import annotations

import asyncio
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import FileResponse
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect

from momentvos.server.api.common import FrameNumber, TheService, VideoId, download, problems
from momentvos.server.problem import Problem
from momentvos.server.schemas import Registration, Times, Video

router = APIRouter(prefix="/api/videos", tags=["videos"])
BLOCK = 1 << 20
"""Bytes of an upload that are written at once."""
_YEAR = "private, max-age=31536000, immutable"


@router.post(
    "",
    status_code=201,
    responses=problems(429, 507) | {200: {"model": Video, "description": "It is there already."}},
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {
                "application/octet-stream": {"schema": {"type": "string", "format": "binary"}}
            },
        }
    },
)
async def upload(
    request: Request,
    response: Response,
    service: TheService,
    name: Annotated[str, Query(max_length=500, description="Name to show.")] = "video",
) -> Video:
    """Take a video in: the body is its bytes. One that is there already is answered with 200."""
    uploads: asyncio.Semaphore = request.app.state.uploads
    if uploads.locked():
        raise Problem(429, "Other videos are being received; try again soon.", after=5)
    silence = service.settings.limits.upload_silence
    async with uploads:
        file = await run_in_threadpool(service.videos.incoming)
        try:
            parts, waiting = request.stream().__aiter__(), bytearray()
            while True:
                try:
                    waiting += await asyncio.wait_for(anext(parts), silence)
                except StopAsyncIteration:
                    break
                except TimeoutError:
                    raise Problem(408, "Nothing came for too long; send the video again.") from None
                except ClientDisconnect:
                    raise Problem(400, "The client ended in the middle of the video.") from None
                if len(waiting) >= BLOCK:
                    await run_in_threadpool(file.write, bytes(waiting))
                    waiting.clear()
            await run_in_threadpool(file.write, bytes(waiting))
            video, new = await run_in_threadpool(service.videos.add, file, name)
        finally:
            file.close()
    service.metrics.uploads.inc(file.size)
    response.status_code = 201 if new else 200
    return video


@router.post("/registered", status_code=201, responses=problems(404, 507))
def register(asked: Registration, response: Response, service: TheService) -> Video:
    """Take a video of the server's library in, by its path there."""
    video, new = service.videos.register(asked.path)
    response.status_code = 201 if new else 200
    return video


@router.get("", responses=problems())
def videos(service: TheService) -> list[Video]:
    """All videos, the newest first."""
    return service.videos.all()


@router.get("/{video}", responses=problems(404))
def video(video: VideoId, service: TheService) -> Video:
    """One video."""
    return service.videos.get(video)


@router.delete("/{video}", status_code=204, responses=problems(404, 409))
def remove(video: VideoId, service: TheService) -> None:
    """Remove a video with its jobs and answers."""
    service.jobs.remove_video(video)


@router.get("/{video}/times", responses=problems(404))
def times(video: VideoId, service: TheService) -> Times:
    """Start and duration of each frame."""
    return Times.model_validate(service.videos.times(video))


@router.get("/{video}/file", response_class=FileResponse, responses=problems(404))
def file(video: VideoId, service: TheService) -> FileResponse:
    """The video as it was sent; parts of it by the header Range."""
    shown = service.videos.get(video)
    return download(service.videos.source(video), "application/octet-stream", shown.name)


@router.get(
    "/{video}/frames/{frame}",
    response_class=Response,
    responses=problems(404)
    | {200: {"content": {f"image/{one}": {} for one in ("webp", "jpeg", "png")}}},
)
def frame(
    video: VideoId,
    frame: FrameNumber,
    service: TheService,
    format: Literal["webp", "jpeg", "png"] = "webp",
    width: Annotated[
        int | None, Query(ge=16, le=16384, description="Pixels to scale it down to.")
    ] = None,
) -> Response:
    """A frame by its number, exactly; PNG is without loss."""
    shown = service.videos.get(video)
    if frame >= shown.frames:
        raise Problem(404, f"The video has frames 0 to {shown.frames - 1}.")
    source = service.videos.source(video)
    picture = service.media.frame(source, shown.name, frame, format, width)
    return Response(picture, media_type=f"image/{format}", headers={"Cache-Control": _YEAR})
