"""Accounts: names, roles and hashes of passwords in the database."""

from __future__ import annotations

import re
import secrets
import unicodedata
from functools import cached_property
from threading import BoundedSemaphore
from typing import Any

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import delete, select, update
from sqlalchemy.exc import IntegrityError

from momentvos.errors import ArgumentError
from momentvos.printable import printable
from momentvos.server.database import Database
from momentvos.server.problem import Problem
from momentvos.server.tables import AccountRow, FormerAccountRow, SessionRow, now
from momentvos.server.user import ROLES, Role, User

LEAST_PASSWORD, MOST_PASSWORD = 8, 1000
"""Characters of a password."""
AT_ONCE = 2
"""Passwords that are looked at together: each takes 64 MiB."""
PATIENCE = 10.0
"""Seconds to wait for others."""
_NAME = re.compile(r"[^\W_][\w.@-]{0,63}")


class Accounts:
    """All accounts of a database."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._hasher = PasswordHasher()  # argon2id as of RFC 9106, its second choice
        self._turn = BoundedSemaphore(AT_ONCE)

    def add(self, name: str, password: str, role: str, again: bool = False) -> User:
        """Make an account. Raises ArgumentError for a bad name, role or password, or one taken.

        again: whether the name may be that of an account that was removed, and whose work the new
        one then has.
        """
        row = AccountRow(name=self.free(name, again), role=_role(role), hash=self._hash(password))
        try:
            with self._database.begin() as session:
                session.execute(delete(FormerAccountRow).where(FormerAccountRow.name == row.name))
                session.add(row)
        except IntegrityError:
            raise _taken(row.name) from None
        return User(row.name, row.role)

    def free(self, name: str, again: bool = False) -> str:
        """A name as it is kept. Raises ArgumentError for what is none, or is taken.

        Names stand beside changes and assignments for ever, so that one who is given the name of a
        former account is that person to everybody. again: whether that is meant.
        """
        text = normal(name)
        if not _NAME.fullmatch(text):
            raise ArgumentError(
                f"'{printable(name)[:100]}' cannot be the name of an account: it has up to 64 "
                "letters, figures and . _ - @, and begins with a letter or figure."
            )
        with self._database.read() as session:
            if session.get(AccountRow, text) is not None:
                raise _taken(text)
            former = session.get(FormerAccountRow, text)
        if former is not None and not again:
            raise ArgumentError(
                f"There was an account '{text}' until {former.removed:%Y-%m-%d}, and what it did "
                "stands under its name. If it is the same person, use `momentvos account add "
                f"{text} --again`; if not, choose another name."
            )
        return text

    def get(self, name: str) -> User:
        """An account. Raises ArgumentError."""
        with self._database.read() as session:
            row = session.get(AccountRow, normal(name))
        if row is None:
            raise _no_account(name)
        return User(row.name, row.role)

    def all(self) -> list[AccountRow]:
        """Every account, by name."""
        with self._database.read() as session:
            return list(session.scalars(select(AccountRow).order_by(AccountRow.name)))

    def any(self) -> bool:
        """Whether there is one."""
        with self._database.read() as session:
            return session.scalar(select(AccountRow.name).limit(1)) is not None

    def change_password(self, name: str, password: str) -> None:
        """Give an account another password, and end its sessions. Raises ArgumentError."""
        made = self._hash(password)
        with self._database.begin() as session:
            row = session.get(AccountRow, normal(name))
            if row is None:
                raise _no_account(name)
            row.hash = made
            session.execute(delete(SessionRow).where(SessionRow.account == row.name))

    def change_role(self, name: str, role: str) -> User:
        """Give an account another role, and end its sessions. Raises ArgumentError."""
        wanted = _role(role)
        with self._database.begin() as session:
            row = session.get(AccountRow, normal(name))
            if row is None:
                raise _no_account(name)
            row.role = wanted
            session.execute(delete(SessionRow).where(SessionRow.account == row.name))
            return User(row.name, wanted)

    def remove(self, name: str) -> int:
        """Remove an account with its sessions; how many are left. Raises ArgumentError."""
        with self._database.begin() as session:
            row = session.get(AccountRow, normal(name))
            if row is None:
                raise _no_account(name)
            session.execute(delete(SessionRow).where(SessionRow.account == row.name))
            session.merge(FormerAccountRow(name=row.name, removed=now()))
            session.delete(row)
            session.flush()
            return len(session.scalars(select(AccountRow.name)).all())

    def checked(self, name: str, password: str) -> AccountRow | None:
        """The account of that name and password, or None, after the same time whichever is wrong.

        Raises Problem (429) where too many others are looked at.
        """
        text = normal(name)
        with self._database.read() as session:
            row = session.get(AccountRow, text) if _NAME.fullmatch(text) else None
        if not self._turn.acquire(timeout=PATIENCE):
            raise Problem(429, "Many log in right now; try again soon.", after=5)
        try:
            right = self._is(self._nobody if row is None else row.hash, password)
        finally:
            self._turn.release()
        if row is None or not right:
            return None
        if self._hasher.check_needs_rehash(row.hash):  # of another version
            made = self._hasher.hash(normal(password))
            with self._database.begin() as session:
                same = AccountRow.name == row.name, AccountRow.hash == row.hash
                changed: Any = session.execute(update(AccountRow).where(*same).values(hash=made))
            if changed.rowcount:
                row.hash = made
        return row

    @cached_property
    def _nobody(self) -> str:
        """The hash of a password that nobody has."""
        return self._hasher.hash(secrets.token_urlsafe(32))

    def warm(self) -> None:
        """Make now what the first wrong name would have to wait for."""
        _ = self._nobody

    def _is(self, made: str, password: str) -> bool:
        try:
            return self._hasher.verify(made, normal(password))
        except (VerificationError, InvalidHashError):
            return False

    def _hash(self, password: str) -> str:
        text = normal(password)
        if not LEAST_PASSWORD <= len(text) <= MOST_PASSWORD:
            raise ArgumentError(
                f"A password has {LEAST_PASSWORD} to {MOST_PASSWORD:,} characters; this one has "
                f"{len(text)}."
            )
        return self._hasher.hash(text)


def normal(text: str) -> str:
    """The one spelling of what keyboards write in several."""
    return unicodedata.normalize("NFKC", text)


def _role(text: str) -> Role:
    for role in ROLES:
        if role == text:
            return role
    raise ArgumentError(f"'{printable(text)[:100]}' is no role; the roles are {', '.join(ROLES)}.")


def _no_account(name: str) -> ArgumentError:
    return ArgumentError(
        f"There is no account '{printable(name)[:100]}'; `momentvos account list` names those that "
        "there are."
    )


def _taken(name: str) -> ArgumentError:
    return ArgumentError(
        f"There is an account '{name}' already; `momentvos account password` changes its password, "
        "`momentvos account role` its role."
    )
