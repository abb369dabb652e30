"""Grounders that other packages register, and cannot be built: one plain sentence."""

import pytest

from momentvos.errors import ModelError
from momentvos.grounding.registry import GrounderEntry


@pytest.mark.parametrize("build", ["momentvos.nowhere:build", "momentvos.errors:build"])
def test_a_function_that_is_not_there_is_named(build):
    with pytest.raises(ModelError, match=rf"Other \({build}\) cannot be imported"):
        GrounderEntry("Other", build).load()
