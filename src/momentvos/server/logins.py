"""Who sends a request: by the token, by a session's cookie, or anybody where nothing is asked."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from contextlib import suppress

from starlette.requests import cookie_parser

from momentvos.server.accounts import Accounts, normal
from momentvos.server.problem import Problem
from momentvos.server.sessions import Sessions
from momentvos.server.settings import Settings, is_loopback
from momentvos.server.throttle import Throttle
from momentvos.server.user import EVERYBODY, User

COOKIE = "momentvos_session"
_MOST_COOKIE = 8192


class Logins:
    """Logging in and out, and whose request one is.

    Attributes:
        seconds: how long a session lasts. secure: whether cookies are for HTTPS alone.
    """

    def __init__(self, settings: Settings, accounts: Accounts, sessions: Sessions) -> None:
        self.seconds, self.secure = settings.limits.session_seconds, settings.secure_cookie
        self._accounts, self._sessions, self._throttle = accounts, sessions, Throttle()
        self._token = None if settings.token is None else settings.token.encode()
        # Once asked, always asked: a server that lost its last account must not open to all.
        self._asks = self._token is not None or self.secure or not is_loopback(settings.host)

    def asked(self) -> bool:
        """Whether this server asks who one is."""
        if not self._asks and self._accounts.any():
            self._accounts.warm()
            self._asks = True
        return self._asks

    def user(self, headers: Mapping[str, str]) -> User | None:
        """Who sends a request with such headers, by their names in small letters; None: nobody."""
        given = headers.get("authorization")
        if given is not None and self._token is not None:
            kind, _, token = given.partition(" ")
            right = hmac.compare_digest(token.strip().encode("latin-1"), self._token)
            return EVERYBODY if kind.lower() == "bearer" and right else None
        if not self.asked():
            return EVERYBODY
        secret = secret_of(headers)
        return None if secret is None else self._sessions.user(secret)

    def by_password(self, name: str, password: str, peer: str) -> str:
        """Begin a session; its secret. Raises Problem (401 wrong, 429 too many attempts)."""
        name = normal(name)
        self._throttle.begin(name, peer)
        secret = self._begun(name, password)
        if secret is None:
            raise UnauthorisedError("The name or the password is wrong.")
        self._throttle.succeed(name, peer)
        return secret

    def _begun(self, name: str, password: str) -> str | None:
        """The secret of a new session; None: nobody has such a name and password."""
        for _ in range(2):  # a password that was hashed anew meanwhile is still the right one
            account = self._accounts.checked(name, password)
            if account is None:
                return None
            with suppress(KeyError):
                return self._sessions.begin(account)
        return None

    def by_token(self, token: str, peer: str) -> str:
        """The same by the server's token."""
        self._throttle.begin(None, peer)
        if self._token is None or not hmac.compare_digest(token.encode(), self._token):
            raise UnauthorisedError("This is not the server's token.")
        self._throttle.succeed(None, peer)
        return self._sessions.begin(None)

    def end(self, headers: Mapping[str, str]) -> None:
        """End the session that a request has, if any."""
        secret = secret_of(headers)
        if secret is not None:
            self._sessions.end(secret)


def secret_of(headers: Mapping[str, str]) -> str | None:
    """The session's secret in a request's cookies."""
    text = headers.get("cookie", "")
    if len(text) > _MOST_COOKIE:
        return None
    return cookie_parser(text).get(COOKIE)


class UnauthorisedError(Problem):
    """Nobody that the server knows."""

    def __init__(self, detail: str) -> None:
        super().__init__(401, detail)

    @property
    def headers(self) -> dict[str, str]:
        """Headers of the answer beside its content."""
        return {"WWW-Authenticate": "Bearer"}
