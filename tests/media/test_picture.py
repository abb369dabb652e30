"""Pictures are of a few formats, whatever their names say; nothing else runs to read them."""

import re
from pathlib import Path

import numpy as np
import pytest
from PIL import EpsImagePlugin, Image, UnidentifiedImageError

import momentvos
from momentvos.data.formats import pictures
from momentvos.errors import DataError, VideoError
from momentvos.evaluation import prediction_folder
from momentvos.media import Video
from momentvos.media.picture import FORMATS, open_picture

EPS = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 64 32\n%%EndComments\nshowpage\n%%EOF\n"
OTHERS = ("PCX", "TGA", "ICO", "SGI", "PDF", "JPEG2000", "DDS", "MSP", "XBM")


@pytest.fixture
def eps(tmp_path, monkeypatch):
    def start(*args, **kwargs):
        raise AssertionError("Ghostscript was started")

    monkeypatch.setattr(EpsImagePlugin, "Ghostscript", start)
    path = tmp_path / "picture.png"
    path.write_bytes(EPS)
    with Image.open(path) as image:
        assert image.format == "EPS"  # what Pillow alone takes it for
    return path


def test_ghostscript_is_never_started(eps):
    with pytest.raises(VideoError, match="not an image"):
        Video.open(eps)
    with pytest.raises(VideoError, match="not an image"):
        Video.open(eps.parent)
    for read in (pictures.rgb, pictures.labels, pictures.size):
        with pytest.raises(DataError, match=r"picture\.png cannot be read"):
            read(eps)
    with pytest.raises(prediction_folder.NotAnswered, match="cannot be read"):
        prediction_folder._mask(eps, (32, 64))


@pytest.mark.parametrize("kind", OTHERS)
def test_other_formats_are_refused(tmp_path, kind):
    path = tmp_path / "picture.png"
    image = Image.new("1" if kind in ("MSP", "XBM") else "RGB", (16, 16))
    try:
        image.save(path, format=kind)
    except (OSError, KeyError):
        pytest.skip(f"this Pillow writes no {kind}")
    with pytest.raises(UnidentifiedImageError):
        open_picture(path)


@pytest.mark.parametrize("kind", FORMATS)
def test_known_formats_open_by_their_content(tmp_path, kind):
    path = tmp_path / "picture.jpg"
    try:
        Image.new("RGB", (16, 8), (200, 200, 200)).save(path, format=kind)
    except (OSError, KeyError):
        pytest.skip(f"this Pillow writes no {kind}")
    with open_picture(path) as image:
        assert image.size == (16, 8)
    assert np.abs(next(Video.open(path).frames()).rgb.astype(int) - 200).max() < 4


def test_no_code_opens_pictures_past_the_list():
    sources = Path(momentvos.__file__).parent.rglob("*.py")
    found = [path.name for path in sources if re.search(r"\bImage\.open\(", path.read_text())]
    assert found == ["picture.py"]
