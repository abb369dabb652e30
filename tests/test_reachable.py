"""Hub ids and devices, before anything heavy is imported."""

import pytest

from momentvos.errors import DeviceError, ModelError
from momentvos.reachable import check_device, check_hub, is_cached, is_hub_id


def test_what_is_written_like_a_hub_id():
    assert is_hub_id("owner/name")
    for text in ("name", "./name", "/name", "~/name", "a/b/c", "../name", ""):
        assert not is_hub_id(text)


@pytest.fixture
def offline(monkeypatch):
    """The hub's client as it is without a network; it reads the variable when it is imported."""
    import huggingface_hub.constants as constants

    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)


@pytest.mark.parametrize("source", ["nobody/nothing", "a b/c", "a/..", "-/-"])
def test_a_model_that_is_out_of_reach(offline, source):
    assert not is_cached(source)
    with pytest.raises(ModelError, match="fetch it elsewhere"):
        check_hub(source, "fetch it elsewhere")


def test_names_of_devices():
    for name in ("auto", "cpu", "cuda", "cuda:1", "mps"):
        check_device(name)
    for name in ("nope", "cuda:", "cuda:x", "cuda 1", "", "cpu\n", "CUDA"):
        with pytest.raises(DeviceError, match="is not there"):
            check_device(name)
