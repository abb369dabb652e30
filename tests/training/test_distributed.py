import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from momentvos.training import shards

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
micro, limit, stages = map(int, sys.argv[3:])
stages = tuple(
    StageOptions(name, steps=2, micro_batches=micro) for name in ("one", "two")[:stages]
)
recipe = Recipe(ModelOptions(), stages, logging=LoggingOptions(every=1, tensorboard=False))
train(recipe, model, Path(sys.argv[2]), lambda stage: fixtures.Squares(), limit=limit)
"""

LAUNCH = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"]
FOUR = [*LAUNCH[:-1], "--nproc-per-node=4"]
ALONE = [sys.executable]
FSDP = {"ACCELERATE_USE_FSDP": "true", "FSDP_VERSION": "2"}


@pytest.fixture
def run(tmp_path):
    script, fixtures = tmp_path / "script.py", Path(__file__).with_name("conftest.py")
    script.write_text(SCRIPT)

    def make(start, name, micro, limit=99, stages=2, **environment):
        subprocess.run(
            [*start, *map(str, (script, fixtures, tmp_path / name, micro, limit, stages))],
            check=True,
            env=os.environ | {"OMP_NUM_THREADS": "1"} | environment,
            timeout=240,
        )
        whole = tmp_path / name / "last" / "training.safetensors"
        return load_file(whole) if whole.is_file() else None

    return make


def alike(one, two):
    assert one.keys() == two.keys()
    for name in one:
        if not name.endswith("seen"):
            torch.testing.assert_close(one[name], two[name], rtol=1e-4, atol=1e-6)


@pytest.mark.slow
def test_two_processes_are_one_with_the_same_micro_batches(run):
    """Dropout too: its random numbers are of a micro-batch's place."""
    alike(run(ALONE, "one", 4), run(LAUNCH, "two", 4))


@pytest.mark.slow
def test_shards_are_one_process_with_the_same_micro_batches(run):
    """FSDP; half of the run in another call, from the checkpoint."""
    whole = run(ALONE, "one", 4, stages=1)
    run(LAUNCH, "shards", 4, limit=1, stages=1, **FSDP)
    alike(whole, run(LAUNCH, "shards", 4, stages=1, **FSDP))


@pytest.mark.slow
def test_shards_of_four_processes_go_on_in_two_and_in_one(run, tmp_path):
    parts = {"FSDP_STATE_DICT_TYPE": "SHARDED_STATE_DICT"}
    whole = run(ALONE, "whole", 4, stages=1)
    assert run(FOUR, "two", 4, limit=1, stages=1, **FSDP, **parts) is None
    last = tmp_path / "two" / "last"
    assert {one.name for one in last.iterdir()} == {"shards", "training.json"}
    assert len(list((last / "shards").glob("*.safetensors"))) == 4
    shutil.copytree(tmp_path / "two", tmp_path / "one")
    shutil.copytree(tmp_path / "two", tmp_path / "torn")
    alike(whole, run(LAUNCH, "two", 4, stages=1, **FSDP, **parts))
    assert not (last / "shards").exists()  # a run that is done is a model
    alike(whole, run(ALONE, "one", 4, stages=1))
    next((tmp_path / "torn" / "last" / "shards").glob("shard-00002*")).unlink()
    with pytest.raises(ValueError, match=r"'model\.encoder\.(weight|bias)' is missing"):
        shards.read(tmp_path / "torn" / "last" / "shards")


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
