"""What training asks of a system, and what it says where a system has not got it."""

import subprocess
import sys

import pytest
from torch import nn

from momentvos.errors import RecipeError
from momentvos.systems.base import System
from momentvos.systems.registry import systems
from momentvos.training import contract


def test_every_system_of_ours_has_the_whole_contract():
    for kind in ("tgl", "momentseg", "vrshq"):
        module = contract.named(kind)
        assert module.__name__ == f"momentvos.systems.{kind}.train"
        for name in ("from_preset", "check", "losses", "precompute"):
            assert callable(getattr(module, name)), name


def test_an_unknown_system_lists_the_known_ones():
    with pytest.raises(RecipeError, match="no system 'sam3'.*" + ".*".join(sorted(systems()))):
        contract.named("sam3")


class Untrainable(System):
    """A system of another package that has no `train`."""


Untrainable.__module__ = "momentvos.sam2.model"


def test_a_system_without_training_says_so():
    with pytest.raises(RecipeError, match="Untrainable cannot be trained"):
        contract.of(Untrainable.__new__(Untrainable))
    with pytest.raises(RecipeError, match="Linear is no system"):
        contract.of(nn.Linear(1, 1))


@pytest.mark.slow
def test_training_imports_no_system():
    code = (
        "import sys, momentvos.training.loop, momentvos.training.build, momentvos.training.recipe;"
        "print([m for m in sys.modules if m.startswith('momentvos.systems.') "
        "and m.split('.')[2] in ('tgl', 'momentseg', 'vrshq')])"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"
