"""``python -m momentvos`` is ``momentvos``."""

from momentvos.cli.main import main

if __name__ == "__main__":
    main()
