"""How the threads of torch wait for each other."""

import os


def wait_passively() -> None:
    """Let threads sleep while they wait, unless the environment says otherwise.

    OpenMP's threads spin by default. Where other programs want the cores too, the one that all
    wait for is then kept from running by those that wait for it. Read when torch is imported.
    """
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
