"""The application: routes behind the gate, and problems in place of errors."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from momentvos import __version__
from momentvos.errors import MomentVOSError
from momentvos.server.api import jobs, login, page, results, state, together, videos
from momentvos.server.problem import MEDIA_TYPE, Problem
from momentvos.server.security import Gate
from momentvos.server.service import Service
from momentvos.server.settings import Settings

_WORDS = {404: "There is nothing of that name here.", 405: "This cannot be done here."}
_NO_JSON = "The request is no JSON that can be read."


def create_app(settings: Settings) -> FastAPI:
    """The server as an ASGI application; it starts to work with its lifespan.

    Raises OutputError where another server uses the data folder, ArgumentError for a database that
    cannot be used.
    """
    service = Service(settings)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        app.state.uploads = asyncio.Semaphore(settings.limits.uploads)
        app.state.followers = asyncio.Semaphore(settings.limits.followers)
        service.start()
        try:
            yield
        finally:
            service.close()

    app = FastAPI(
        title="MomentVOS",
        version=__version__,
        summary="Give it a video and a sentence; it answers when and which pixels.",
        lifespan=lifespan,
        docs_url=None,  # their page is loaded from another host
        redoc_url=None,
    )
    app.state.service = service
    for one in (page, login, state, videos, jobs, results, together):
        app.include_router(one.router)
    app.add_exception_handler(Problem, _problem)
    app.add_exception_handler(MomentVOSError, _user_error)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_middleware(Gate, settings=settings, logins=service.logins, metrics=service.metrics)
    return app


def _answer(problem: Problem) -> JSONResponse:
    return JSONResponse(problem.to_json(), problem.status, problem.headers, media_type=MEDIA_TYPE)


def _problem(request: Request, error: Any) -> JSONResponse:
    return _answer(error)


def _user_error(request: Request, error: Any) -> JSONResponse:
    return _answer(Problem(422, str(error)))


def _invalid(request: Request, error: Any) -> JSONResponse:
    """The first fault, without what was sent: it may be long, and private."""
    faults = error.errors()
    if faults[0]["type"] == "json_invalid":
        return _answer(Problem(422, _NO_JSON))
    # Of a value that may be of several types, the type that it has is at fault in another way.
    first = next((one for one in faults if not one["type"].endswith("_type")), faults[0])
    parts = [str(part) for part in first["loc"] if part != "body"]
    place = ".".join(part for part in parts if part.replace("_", "").isalnum()) or "request"
    text = str(first["msg"]).removeprefix("Value error, ").rstrip(".")
    return _answer(Problem(422, f"'{place[:200]}' is not right: {text[:500]}."))


def _http(request: Request, error: Any) -> JSONResponse:
    status = error.status_code
    if status == 400:  # of FastAPI, for a body that Python cannot decode
        return _answer(Problem(422, _NO_JSON))
    return _answer(Problem(status, _WORDS.get(status, str(error.detail))))
