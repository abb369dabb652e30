"""Logging in and out, and who one is."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from momentvos.server.api.common import TheService, TheUser, problems
from momentvos.server.logins import COOKIE
from momentvos.server.schemas import Login, Me

router = APIRouter(prefix="/api", tags=["login"])


@router.post("/login", status_code=204, responses=problems(429))
def login(given: Login, request: Request, service: TheService) -> Response:
    """Log in: the answer sets a cookie, which ends the session that the request had."""
    logins, peer = service.logins, "" if request.client is None else request.client.host
    if given.token is not None:
        secret = logins.by_token(given.token, peer)
    else:
        secret = logins.by_password(given.name or "", given.password or "", peer)
    logins.end(request.headers)
    answer = Response(status_code=204)
    answer.set_cookie(
        COOKIE,
        secret,
        max_age=int(logins.seconds),
        path="/",
        secure=logins.secure,
        httponly=True,
        samesite="strict",
    )
    return answer


@router.post("/logout", status_code=204, responses=problems())
def logout(request: Request, service: TheService) -> Response:
    """Log out: the session ends, and the cookie goes."""
    service.logins.end(request.headers)
    answer = Response(status_code=204)
    answer.delete_cookie(
        COOKIE, path="/", secure=service.logins.secure, httponly=True, samesite="strict"
    )
    return answer


@router.get("/me", responses=problems())
def me(service: TheService, user: TheUser) -> Me:
    """Who one is to the server."""
    return Me(name=user.name, role=user.role, login=service.logins.asked())
