import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

SCRIPT = """
import importlib.util, sys
from dataclasses import replace
from pathlib import Path

spec = importlib.util.spec_from_file_location("fixtures", sys.argv[1])
fixtures = importlib.util.module_from_spec(spec)
sys.modules["fixtures"] = fixtures
spec.loader.exec_module(fixtures)
import torch
from momentvos.training.loop import train
from momentvos.training.options import LoggingOptions, ModelOptions, Recipe, StageOptions

torch.manual_seed(0)
model = fixtures.Toy()
model.dropout.p = 0.0
stages = tuple(
    StageOptions(name, steps=2, accumulate=int(sys.argv[3])) for name in ("one", "two")
)
recipe = Recipe(ModelOptions(), stages, logging=LoggingOptions(every=1, tensorboard=False))
train(recipe, model, Path(sys.argv[2]), lambda stage: fixtures.Squares())
"""


@pytest.mark.slow
def test_two_processes_are_one_with_twice_the_batch(tmp_path):
    script, fixtures = tmp_path / "script.py", Path(__file__).with_name("conftest.py")
    script.write_text(SCRIPT)
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    launch = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"]
    for start, name, accumulate in ((launch, "two", 1), ([sys.executable], "one", 2)):
        subprocess.run(
            [*start, str(script), str(fixtures), str(tmp_path / name), str(accumulate)],
            check=True,
            env=environment,
            timeout=240,
        )
    one, two = (
        load_file(tmp_path / name / "last" / "training.safetensors") for name in ("one", "two")
    )
    for name in one:
        if name.startswith("model.") and not name.endswith("seen"):
            torch.testing.assert_close(one[name], two[name], rtol=1e-4, atol=1e-6)
