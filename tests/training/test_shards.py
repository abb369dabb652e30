"""Shards of one process; those of several are in test_distributed.py."""

import pytest
import torch
from safetensors import SafetensorError
from safetensors.torch import save_file

from momentvos.training import shards

pytestmark = pytest.mark.filterwarnings("ignore:torch.distributed is disabled")


@pytest.fixture
def tensors():
    return {"matrix": torch.randn(3, 2), "step": torch.tensor(5.0), "count": torch.tensor(7)}


def test_what_is_written_is_read(tmp_path, tensors):
    shards.write(tmp_path / "shards", tensors)
    read = shards.read(tmp_path / "shards")
    assert read.keys() == tensors.keys()
    assert all(torch.equal(read[name], value) for name, value in tensors.items())


def test_damaged_shards_are_errors(tmp_path, tensors):
    with pytest.raises(ValueError, match="no shards"):
        shards.read(tmp_path)
    shards.write(tmp_path, tensors)
    (file,) = tmp_path.glob("*.safetensors")
    file.write_bytes(file.read_bytes()[:-3])
    with pytest.raises(SafetensorError):
        shards.read(tmp_path)
    save_file({"other": torch.zeros(1)}, file, {"DCP_SHARDING_INFO": "{}"})
    with pytest.raises(ValueError, match="where 'other' lies"):
        shards.read(tmp_path)
