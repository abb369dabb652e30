"""Jobs: ask, follow, cancel, remove."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from time import monotonic
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import StreamingResponse
from starlette.concurrency import run_in_threadpool

from momentvos.server.api.common import JobId, TheService, problems
from momentvos.server.problem import Problem
from momentvos.server.schemas import Job, NewJob
from momentvos.server.service import Service
from momentvos.server.states import ENDED

router = APIRouter(prefix="/api/jobs", tags=["jobs"])
LOOK, AT_LEAST, QUIET = 0.1, 2.0, 15.0
"""Seconds between looks for a change, between looks at the database, and between signs of life."""


@router.post("", status_code=202, responses=problems(404, 429, 507))
def submit(asked: NewJob, service: TheService) -> Job:
    """Ask sentences about a video; correct a moment or click an object by an ask that has them."""
    return service.jobs.submit(asked)


@router.get("", responses=problems())
def jobs(
    service: TheService,
    video: Annotated[str | None, Query(pattern="^[0-9a-f]{32}$")] = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> list[Job]:
    """The newest jobs, of a video or of all."""
    return service.jobs.all(video, limit)


@router.get("/{job}", responses=problems(404))
def job(job: JobId, service: TheService) -> Job:
    """A job with the answers that are there."""
    return service.jobs.get(job)


@router.get(
    "/{job}/events",
    response_class=StreamingResponse,
    responses=problems(404, 429)
    | {
        200: {
            "content": {"text/event-stream": {}},
            "description": "Events 'job', each a whole Job.",
        }
    },
)
async def events(job: JobId, request: Request, service: TheService) -> StreamingResponse:
    """The job whenever it changes, as server-sent events, until it has ended."""
    followers: asyncio.Semaphore = request.app.state.followers
    if followers.locked():
        raise Problem(429, "Too many clients follow jobs; ask for the job now and then.", after=5)
    await run_in_threadpool(service.jobs.get, job)
    return StreamingResponse(_events(job, service, followers), media_type="text/event-stream")


@router.post("/{job}/cancel", responses=problems(404))
def cancel(job: JobId, service: TheService) -> Job:
    """End a job: at once where it waits, soon where it runs; its answers so far stay."""
    return service.jobs.cancel(job)


@router.delete("/{job}", status_code=204, responses=problems(404, 409))
def remove(job: JobId, service: TheService) -> None:
    """Remove a job with its answers."""
    service.jobs.remove(job)


async def _events(job: str, service: Service, followers: asyncio.Semaphore) -> AsyncIterator[bytes]:
    """Server-sent events."""
    async with followers:
        version, read, sent, last = -1, 0.0, monotonic(), ""
        while True:
            time, newest = monotonic(), service.board.version(job)
            if newest != version or time - read > AT_LEAST:
                version, read = newest, time
                try:
                    shown = await run_in_threadpool(service.jobs.get, job)
                except Problem:
                    return  # it was removed
                text = shown.model_dump_json()
                if text != last:
                    last, sent = text, time
                    yield f"event: job\ndata: {text}\n\n".encode()
                if shown.state in ENDED:
                    return
            elif time - sent > QUIET:
                sent = time
                yield b": still here\n\n"
            await asyncio.sleep(LOOK)
