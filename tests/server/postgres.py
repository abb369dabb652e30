"""A PostgreSQL of the tests' own, in a temporary folder, without a network port."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


def program(name: str) -> str | None:
    """Path of one of PostgreSQL's programs, or None."""
    places = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    paths = os.pathsep.join([*map(str, places), os.environ.get("PATH", "")])
    return shutil.which(name, path=paths)


@contextmanager
def postgres() -> Iterator[str]:
    """URL of a new, empty server; skips the test, with the reason, where none can be started."""
    initdb, pg_ctl = program("initdb"), program("pg_ctl")
    if initdb is None or pg_ctl is None:
        pytest.skip("PostgreSQL's initdb and pg_ctl are not installed")
    pytest.importorskip("psycopg", reason="the extra `postgres` is not installed")
    user = _user()
    # A short path: a socket's may have about 100 bytes.
    folder = Path(tempfile.mkdtemp(prefix="pg-", dir="/tmp"))
    folder.chmod(0o755)
    home = folder / "home"
    home.mkdir()
    how = {"check": True, "capture_output": True, "cwd": home, "text": True}
    if user is not None:
        shutil.chown(home, user)
        how |= {"user": user, "group": pwd.getpwnam(user).pw_gid, "extra_groups": []}
    data = str(home / "data")
    options = f"-c listen_addresses='' -k {home} -c fsync=off"
    try:
        subprocess.run([initdb, "-D", data, "-U", "momentvos", "-A", "trust"], **how)
        start = [pg_ctl, "-D", data, "-w", "-l", str(home / "log"), "-o", options, "start"]
        # pg_ctl's child would hold a pipe open for ever.
        quiet = how | {"capture_output": False, "stdout": subprocess.DEVNULL}
        subprocess.run(start, **quiet, stderr=subprocess.DEVNULL)
        try:
            yield f"postgresql://momentvos@/postgres?host={home}"
        finally:
            subprocess.run([pg_ctl, "-D", data, "-m", "immediate", "stop"], **how)
    except subprocess.CalledProcessError as error:
        pytest.skip(f"PostgreSQL cannot be started here: {error.stderr or error}")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _user() -> str | None:
    """Whom PostgreSQL runs as, where we are root, as which it refuses to run."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name).pw_name
        except KeyError:
            continue
    pytest.skip("there is no user but root to run PostgreSQL as")
