"""Other Pythons and the oldest versions that are allowed; by hand, never in `.ci/run`.

pip install nox
nox -s tests-3.12                    # one interpreter; without -s all sessions
nox -s minimum -- tests/media        # what stands behind -- goes to pytest

Other Pythons than 3.11 may have to fetch a build of torch with CUDA, which is gigabytes; choose
another with PIP_EXTRA_INDEX_URL, for instance PyTorch's index of CPU wheels.
"""

import re
import tomllib
from pathlib import Path

import nox

nox.options.default_venv_backend = "venv"
nox.options.error_on_missing_interpreters = False
PYTHONS = ("3.12", "3.13")
OLDEST = "3.11"


def pytest(session: nox.Session) -> None:
    """Run the fast tests."""
    arguments = session.posargs or ["-n", "2"]
    session.run("python", "-m", "pytest", "-q", "-m", "not slow and not gpu", *arguments)


@nox.session(python=PYTHONS)
def tests(session: nox.Session) -> None:
    """The fast tests with the pinned versions."""
    session.install("-c", "constraints.txt", "-e", ".[dev]")
    pytest(session)


@nox.session(python=OLDEST)
def minimum(session: nox.Session) -> None:
    """The fast tests with the oldest versions that pyproject.toml allows."""
    constraints = Path(session.create_tmp()) / "minimum.txt"
    constraints.write_text("\n".join(oldest_versions()) + "\n")
    session.install("-c", str(constraints), "-e", ".[dev]")
    pytest(session)


def oldest_versions() -> list[str]:
    """Pin each dependency, also of extras, to its lower bound: `name>=1.2,<2` -> `name==1.2`."""
    project = tomllib.loads(Path("pyproject.toml").read_text())["project"]
    wanted = list(project["dependencies"])
    for extra in ("train", "mllm"):
        wanted += project["optional-dependencies"][extra]
    return [
        f"{name}=={version}"
        for name, version in re.findall(
            r"^([\w.-]+)[^>]*>=([\w.]+)", "\n".join(wanted), re.MULTILINE
        )
    ]
