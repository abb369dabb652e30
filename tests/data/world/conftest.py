import pytest

from momentvos.data.world import scene


@pytest.fixture(scope="session", params=["v1", "v2"])
def world_version(request):
    """A version of MomentWorld."""
    return request.param


@pytest.fixture(scope="session")
def scenes(world_version):
    """Scenes of every split, made once."""
    return {
        split: [scene(seed, split, world_version) for seed in range(40)]
        for split in ("train", "val", "test")
    }


@pytest.fixture(scope="session")
def everything(scenes):
    return [made for split in scenes.values() for made in split]
