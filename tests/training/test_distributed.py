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
from momentvos.systems.options import ModelOptions
from momentvos.training.options import LoggingOptions, Recipe, StageOptions

torch.manual_seed(0)
model = fixtures.Toy()
model.dropout.p = 0.0
micro, limit, stages = map(int, sys.argv[3:])
stages = tuple(
    StageOptions(name, steps=2, accumulate=micro) for name in ("one", "two")[:stages]
)
recipe = Recipe(ModelOptions(), stages, logging=LoggingOptions(every=1, tensorboard=False))
train(recipe, model, Path(sys.argv[2]), lambda stage: fixtures.Squares(), limit=limit)
"""

LAUNCH = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"]
ALONE = [sys.executable]


@pytest.fixture
def run(tmp_path):
    script, fixtures = tmp_path / "script.py", Path(__file__).with_name("conftest.py")
    script.write_text(SCRIPT)

    def make(start, name, accumulate, limit=99, stages=2, **environment):
        subprocess.run(
            [*start, *map(str, (script, fixtures, tmp_path / name, accumulate, limit, stages))],
            check=True,
            env=os.environ | {"OMP_NUM_THREADS": "1"} | environment,
            timeout=240,
        )
        return load_file(tmp_path / name / "last" / "training.safetensors")

    return make


def alike(one, two):
    assert one.keys() == two.keys()
    for name in one:
        if not name.endswith("seen"):
            torch.testing.assert_close(one[name], two[name], rtol=1e-4, atol=1e-6)


@pytest.mark.slow
def test_two_processes_are_one_with_twice_the_batch(run):
    alike(run(ALONE, "one", 2), run(LAUNCH, "two", 1))


@pytest.mark.slow
def test_shards_are_one_process_with_twice_the_batch(run):
    """FSDP; half of the run in another call, from the checkpoint."""
    fsdp = {"ACCELERATE_USE_FSDP": "true", "FSDP_VERSION": "2"}
    whole = run(ALONE, "one", 4, stages=1)
    run(LAUNCH, "shards", 2, limit=1, stages=1, **fsdp)
    alike(whole, run(LAUNCH, "shards", 2, stages=1, **fsdp))


METER = """
import sys
import torch
from accelerate import Accelerator
from momentvos.training.meter import Meter

accelerator = Accelerator(cpu=True)
meter = Meter()
for value in ([1.0], [2.0, 6.0])[accelerator.process_index]:
    meter.add({"both": torch.tensor(value)})
meter.add({f"only{accelerator.process_index}": torch.tensor(5.0)})
found = meter.take(accelerator)
del found["seconds"]
assert found == {"both": 3.0, "only0": 5.0, "only1": 5.0}, found
"""


@pytest.mark.slow
def test_processes_with_different_losses_agree_on_their_means(tmp_path):
    script = tmp_path / "meter.py"
    script.write_text(METER)
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    subprocess.run([*LAUNCH, str(script)], check=True, env=environment, timeout=240)
