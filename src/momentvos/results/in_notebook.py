"""Whether Python runs in a notebook."""

import sys


def in_notebook() -> bool:
    """Whether this runs in the kernel of a notebook; nothing is imported for it."""
    shell = sys.modules.get("IPython")
    return shell is not None and type(shell.get_ipython()).__name__ == "ZMQInteractiveShell"
