"""A machine learning backend of Label Studio, in front of a server of ours.

python -m momentvos.server.adapters.label_studio --label-studio http://localhost:8080

It speaks Label Studio's own contract over HTTP (/health, /setup, /predict, /webhook): labels of a
project are sentences, moments become TimelineLabels, masks VideoRectangles.
"""

from __future__ import annotations

import hmac
import sys
from base64 import b64encode
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from fastapi import Body, FastAPI, Request
from fastapi.responses import JSONResponse
from starlette.middleware.trustedhost import TrustedHostMiddleware

from momentvos.errors import ArgumentError, MomentVOSError
from momentvos.server.adapters.label_studio_backend import Backend
from momentvos.server.client import Client, ServerError
from momentvos.server.serve import check_installed, listen, read_token
from momentvos.server.settings import is_everywhere, is_loopback

USER = "momentvos"
"""The user name of its basic authentication."""
_LATER = (0, 408, 429, 503)
"""Statuses of a server of ours after which another try may do better."""


def create_app(backend: Backend, hosts: Sequence[str], password: str | None = None) -> FastAPI:
    """The backend as an ASGI application.

    hosts: names by which it may be called. password: that Label Studio must send, or None.
    """
    app = FastAPI(title="MomentVOS for Label Studio", docs_url=None, redoc_url=None)
    right = None if password is None else f"{USER}:{password}".encode()

    @app.middleware("http")
    async def guard(request: Request, follow: Any) -> Any:
        """Browsers have no business here, and strangers neither."""
        if "origin" in request.headers:
            return JSONResponse({"detail": "Pages may not use this backend."}, 403)
        given = request.headers.get("authorization", "").encode("latin-1")
        wanted = None if right is None else b"Basic " + b64encode(right)
        if wanted is not None and not hmac.compare_digest(given, wanted):
            return JSONResponse({"detail": f"Give the user {USER} and its password."}, 401)
        return await follow(request)

    @app.exception_handler(MomentVOSError)
    def refuse(request: Request, error: MomentVOSError) -> JSONResponse:
        later = isinstance(error, ServerError) and error.status in _LATER
        return JSONResponse({"detail": str(error)}, 503 if later else 422)

    @app.exception_handler(TimeoutError)
    def wait(request: Request, error: TimeoutError) -> JSONResponse:
        text = "The answer is still being computed; open the task again in a while."
        return JSONResponse({"detail": text}, 503, {"Retry-After": "10"})

    @app.get("/")
    @app.get("/health")
    def health() -> dict[str, str]:
        return {"status": "UP", "model_class": "MomentVOS"}

    @app.get("/versions")
    def versions() -> dict[str, list[str]]:
        return {"versions": [backend.version]}

    @app.post("/setup")
    def setup(body: Annotated[dict[str, Any], Body()]) -> dict[str, str]:
        return {"model_version": backend.version}

    @app.post("/predict")
    def predict(body: Annotated[dict[str, Any], Body()]) -> dict[str, Any]:
        tasks, config = body.get("tasks"), body.get("label_config")
        if not isinstance(tasks, list) or not isinstance(config, str):
            raise ArgumentError("A request has `tasks` and a `label_config`.")
        try:
            context = (body.get("params") or {}).get("context") or {}
            drawn = context.get("result") or []
            return {"results": [backend.predict(task, config, drawn) for task in tasks]}
        except (TypeError, ValueError, KeyError, AttributeError, IndexError) as error:
            if isinstance(error, MomentVOSError):
                raise
            raise ArgumentError(
                f"The request is not as Label Studio writes it: {error!r}."
            ) from None

    @app.post("/webhook", status_code=201)
    def webhook(body: Annotated[dict[str, Any], Body()]) -> dict[str, str]:
        return {"status": "nothing is learned from annotations here"}

    app.add_middleware(TrustedHostMiddleware, allowed_hosts=list(hosts))
    return app


def main(
    label_studio: Annotated[str, typer.Option(help="Address of Label Studio.")],
    url: Annotated[
        str, typer.Option(help="Address of `momentvos serve`.")
    ] = "http://127.0.0.1:8600",
    token_file: Annotated[Path | None, typer.Option(help="File with its token.")] = None,
    key_file: Annotated[
        Path | None, typer.Option(help="File with a legacy token of Label Studio, for its videos.")
    ] = None,
    files: Annotated[
        Path | None, typer.Option(help="Folder of Label Studio's local files, if it has one.")
    ] = None,
    model: Annotated[str | None, typer.Option(help="Model of `momentvos serve`.")] = None,
    host: Annotated[str, typer.Option(help="Address to listen at.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535)] = 9090,
    password_file: Annotated[
        Path | None, typer.Option(help=f"File with the password of the user {USER}.")
    ] = None,
    allow_host: Annotated[
        list[str] | None, typer.Option(help="Further name by which it is called. Repeatable.")
    ] = None,
) -> None:
    """Let Label Studio ask a server of MomentVOS."""
    try:
        check_installed()
        secrets = [None if one is None else read_token(one) for one in (token_file, key_file)]
        password = None if password_file is None else read_token(password_file)
        if not password and not is_loopback(host):
            raise ArgumentError(f"'{host}' can be reached by others: give --password-file.")
        names = ["localhost", "127.0.0.1", *(allow_host or ())]
        names += [] if is_everywhere(host) else [host]
        import uvicorn

        with Client(url, secrets[0]) as client, listen(host, port) as listener:
            backend = Backend(client, label_studio, secrets[1], files, model)
            app = create_app(backend, names, password)
            typer.echo(f"Label Studio may connect to port {listener.getsockname()[1]}", err=True)
            uvicorn.Server(uvicorn.Config(app, log_config=None)).run(sockets=[listener])
    except MomentVOSError as error:
        typer.echo(f"Error: {error}", err=True)
        sys.exit(2)


if __name__ == "__main__":
    typer.run(main)
