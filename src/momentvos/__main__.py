"""Entry point of the ``momentvos`` script and of ``python -m momentvos``."""

import signal
import sys


def main() -> None:
    """Run the command line; Ctrl-C ends it quietly, also while modules are imported."""
    try:
        from momentvos.cli.main import main as command

        command()
    except KeyboardInterrupt:
        sys.exit(128 + signal.SIGINT)


if __name__ == "__main__":
    main()
