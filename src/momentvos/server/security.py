"""The gate before every request: who is called, from which page, by whom, how much."""

from __future__ import annotations

import traceback
from collections.abc import Awaitable, Callable, MutableMapping
from time import perf_counter
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse

from momentvos.server.log import log
from momentvos.server.logins import Logins, UnauthorisedError
from momentvos.server.metrics import Metrics
from momentvos.server.problem import MEDIA_TYPE, Problem
from momentvos.server.settings import Settings
from momentvos.server.user import User

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Message, Receive, Send], Awaitable[None]]

HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; "
    "img-src 'self' blob:; media-src 'self' blob:; connect-src 'self'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}
"""Of every answer, unless the answer has its own."""
HEALTH = ("/healthz", "/readyz")
"""They say nothing but whether the server is well."""
PAGES, PARTS_OF_PAGES = ("/", "/studio"), ("/page/", "/studio/")
"""What a browser shows before one has logged in: files that are the same for all."""
DOORS = ("/api/login", "/api/logout")
READING = ("GET", "HEAD", "OPTIONS")
UPLOAD = ("POST", "/api/videos")


class Gate:
    """Refuse what no client of ours sends, bound bodies, add headers, count and log."""

    def __init__(self, app: App, settings: Settings, logins: Logins, metrics: Metrics) -> None:
        self._app, self._logins, self._metrics = app, logins, metrics
        self._hosts, self._most = settings.allowed_hosts, settings.limits.body_bytes

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """An ASGI application."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":
            return  # no websockets
        start, status, begun = perf_counter(), 500, False

        async def sent(message: Message) -> None:
            nonlocal status, begun
            if message["type"] == "http.response.start":
                status, begun = message["status"], True
                there = {name.lower() for name, _ in message["headers"]}
                message["headers"] = [
                    *message["headers"],
                    *(
                        (name.lower().encode(), value.encode())
                        for name, value in HEADERS.items()
                        if name.lower().encode() not in there
                    ),
                ]
            await send(message)

        try:
            self._check(scope)
            user = None if _open(scope) else await run_in_threadpool(self._admitted, scope)
            scope.setdefault("state", {})["user"] = user
            await self._app(scope, self._bounded(scope, receive), sent)
        except Exception as error:
            problem = error if isinstance(error, Problem) else _fault(error)
            if begun:
                raise  # the connection is all that can still be ended
            answer = JSONResponse(
                problem.to_json(), problem.status, problem.headers, media_type=MEDIA_TYPE
            )
            await answer(scope, receive, sent)
        finally:
            seconds = perf_counter() - start
            route = getattr(scope.get("route"), "path", "none")
            self._metrics.requests.labels(_method(scope), route, str(status)).inc()
            self._metrics.seconds.labels(route).observe(seconds)
            if route not in HEALTH:
                log(
                    "request",
                    method=_method(scope),
                    route=route,
                    status=status,
                    ms=round(seconds * 1000, 1),
                )

    def _check(self, scope: Message) -> None:
        """Raise Problem for a request that is none of ours."""
        headers = _headers(scope)
        host = headers.get("host", "").lower()
        if _name(host) not in self._hosts:
            raise Problem(
                421, "This server is not called so; start it with --allow-host to add the name."
            )
        # A page of another site must not use a server on this machine, whatever browsers allow.
        origin = headers.get("origin")
        if origin is not None and origin.lower() not in (f"http://{host}", f"https://{host}"):
            raise Problem(403, "Pages of other sites may not use this server.")
        if headers.get("sec-fetch-site", "none") not in ("none", "same-origin"):
            raise Problem(403, "Pages of other sites may not use this server.")

    def _admitted(self, scope: Message) -> User:
        """Who sends the request. Raises Problem: 401 nobody known, 403 nobody who may do that."""
        user = self._logins.user(_headers(scope))
        if user is None:
            raise UnauthorisedError(
                "Log in first, or send the server's token: 'Authorization: Bearer TOKEN'."
            )
        if scope["method"] not in READING and not user.may("annotator"):
            raise Problem(403, "A reader looks at what is there; ask for the role of an annotator.")
        return user

    def _bounded(self, scope: Message, receive: Receive) -> Receive:
        """Receive without more bytes than a request may have; uploads have a limit of their own."""
        if (scope["method"], scope["path"]) == UPLOAD:
            return receive
        most, seen = self._most, 0
        length = _headers(scope).get("content-length", "0")
        if not length.isdecimal() or len(length) > 15 or int(length) > most:
            raise Problem(413, f"The request is over {most:,} bytes; send less at once.")

        async def bounded() -> Message:
            nonlocal seen
            message = await receive()
            seen += len(message.get("body", b""))
            if seen > most:  # what is raised inside of FastAPI must be its own kind
                raise HTTPException(413, f"The request is over {most:,} bytes; send less at once.")
            return message

        return bounded


def _open(scope: Message) -> bool:
    """Whether a request needs no login."""
    path, reads = scope["path"], scope["method"] in READING
    if path in DOORS or path in HEALTH:
        return True
    return reads and (path in PAGES or path.startswith(PARTS_OF_PAGES))


def _fault(error: Exception) -> Problem:
    """What is shown of a fault of the program; the log says where it is."""
    frames = traceback.extract_tb(error.__traceback__)
    log("fault", error=type(error).__name__, at=f"{frames[-1].filename}:{frames[-1].lineno}")
    return Problem(500, "The server failed; its log says where.")


def _headers(scope: Message) -> dict[str, str]:
    """Headers by their names in small letters; of several with a name the last, of Host none."""
    made: dict[str, str] = {}
    for name, value in scope["headers"]:
        key = name.decode("latin-1").lower()
        made[key] = "" if key == "host" and key in made else value.decode("latin-1")
    return made


def _name(host: str) -> str:
    """A Host header's name, in small letters, without port and brackets."""
    host = host.lower()
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.partition(":")[0]


def _method(scope: Message) -> str:
    known = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
    return scope["method"] if scope["method"] in known else "other"
