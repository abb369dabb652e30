"""The public names: few, documented by docs/python.md, and free until they are used."""

import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

import momentvos


def test_every_public_name_resolves():
    for name in momentvos.__all__:
        assert getattr(momentvos, name) is not None


def test_the_list_is_sorted_short_and_complete():
    names = [name for name in momentvos.__all__ if not name.startswith("_")]
    assert names == sorted(names)
    assert len(names) <= 20
    assert set(momentvos.__all__) <= set(dir(momentvos))


def test_every_public_name_is_documented():
    page = (Path(__file__).parents[1] / "docs" / "python.md").read_text()
    for name in momentvos.__all__:
        assert name == "__version__" or f"`{name}" in page


def test_unknown_names_are_attribute_errors():
    with pytest.raises(AttributeError, match="nonsense"):
        momentvos.nonsense  # noqa: B018


def test_the_version_is_the_distribution_s():
    assert version("momentvos") == momentvos.__version__


def test_import_alone_loads_nothing_heavy():
    code = (
        "import sys, momentvos\n"
        "print(sorted({'torch', 'transformers', 'av', 'numpy', 'pydantic'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
