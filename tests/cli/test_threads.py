"""How threads wait: set before torch is loaded, in a process of its own."""

import os
import subprocess
import sys

import pytest

SHOW = """
import os, sys
sys.argv = ["momentvos", "--version"]
from momentvos.cli.main import main
assert "torch" not in sys.modules
try:
    main()
except SystemExit:
    print(os.environ["OMP_WAIT_POLICY"])
"""


@pytest.mark.parametrize(("given", "policy"), [(None, "PASSIVE"), ("ACTIVE", "ACTIVE")])
def test_the_command_waits_passively_unless_told_otherwise(given, policy):
    environment = {name: value for name, value in os.environ.items() if name != "OMP_WAIT_POLICY"}
    if given:
        environment["OMP_WAIT_POLICY"] = given
    made = subprocess.run(
        [sys.executable, "-c", SHOW], env=environment, capture_output=True, text=True, check=True
    )
    assert made.stdout.split()[-1] == policy
