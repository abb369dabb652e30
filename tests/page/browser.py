"""The browser of the tests: Debian's Chromium, which this script installs where it may.

python tests/page/browser.py     prints its path, or in one sentence why there is none

CHROMIUM=/path names another one. Nothing is fetched but by the system's own package manager.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[2] / "tools"))
from chromium import installed

PATIENCE = 600
"""Seconds for the package manager."""


def install() -> str | None:
    """Install Debian's Chromium; why that cannot be, or None."""
    if not shutil.which("apt-get"):
        return "no Chromium is on the path, and this is no Debian that could install one"
    if os.geteuid() != 0:
        return "no Chromium is on the path (sudo apt-get install chromium)"
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    for words in (["update", "-q"], ["install", "-qy", "--no-install-recommends", "chromium"]):
        command = ["apt-get", *words]
        try:
            done = subprocess.run(
                command, env=environment, stdout=sys.stderr, timeout=PATIENCE, check=False
            )
        except subprocess.TimeoutExpired:
            return f"`{' '.join(command)}` took over {PATIENCE} seconds"
        if done.returncode:
            return f"`{' '.join(command)}` failed"
    return None if installed() else "Debian's package brought no program that is called chromium"


def main() -> None:
    """Print the path; where there is none the tests are skipped, which is no fault."""
    why = None if installed() else install()
    print(installed() or f"The tests in a browser are skipped: {why}.")


if __name__ == "__main__":
    main()
