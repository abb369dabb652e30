"""Sessions of people who have logged in: the database keeps a hash of each secret, and its end."""

from __future__ import annotations

import secrets
from datetime import timedelta
from hashlib import sha256

from sqlalchemy import delete, select

from momentvos.server.database import Database
from momentvos.server.tables import AccountRow, SessionRow, now
from momentvos.server.user import EVERYBODY, User

MOST = 32
"""Sessions of an account; a further one ends the oldest."""


class Sessions:
    """All sessions of a database.

    Args:
        seconds: how long one lasts.
        token: that of the server, or None; a session begun with another one is none any more.
    """

    def __init__(self, database: Database, seconds: float, token: str | None) -> None:
        self._database, self._seconds = database, seconds
        self._token = None if token is None else _digest(token)

    def begin(self, account: AccountRow | None) -> str:
        """Begin a session; its secret, of 256 random bits. account: None: by the token.

        Raises KeyError where the account is gone since it was read, or has another password, also
        where another one has its name by now.
        """
        secret, name = secrets.token_urlsafe(32), None if account is None else account.name
        row = SessionRow(id=_digest(secret), account=name)
        row.token = self._token if account is None else None
        row.created = now()
        row.expires = row.created + timedelta(seconds=self._seconds)
        same = SessionRow.account.is_(None) if account is None else SessionRow.account == name
        with self._database.begin() as session:
            if account is not None:
                there = session.get(AccountRow, name, with_for_update=True)
                if there is None or there.hash != account.hash:
                    raise KeyError(name)
            newest = select(SessionRow.id).where(same).order_by(SessionRow.created.desc())
            old = list(session.scalars(newest.offset(MOST - 1)))
            session.execute(delete(SessionRow).where(SessionRow.id.in_(old)))
            session.add(row)
        return secret

    def user(self, secret: str) -> User | None:
        """Whose session it is; None: nobody's, or over."""
        asked = (
            select(SessionRow, AccountRow)
            .outerjoin(AccountRow, SessionRow.account == AccountRow.name)
            .where(SessionRow.id == _digest(secret), SessionRow.expires > now())
        )
        with self._database.read() as session:
            found = session.execute(asked).first()
        if found is None:
            return None
        row = found[0]
        account: AccountRow | None = found[1]
        if account is not None:
            return User(account.name, account.role)
        # A token is compared by its hash, as the secret is; both are long and random.
        return EVERYBODY if self._token is not None and row.token == self._token else None

    def end(self, secret: str) -> None:
        """End a session, if it is one."""
        with self._database.begin() as session:
            session.execute(delete(SessionRow).where(SessionRow.id == _digest(secret)))

    def clean(self) -> None:
        """Remove what is over."""
        with self._database.begin() as session:
            session.execute(delete(SessionRow).where(SessionRow.expires <= now()))


def _digest(secret: str) -> str:
    return sha256(secret.encode()).hexdigest()
