import numpy as np
import pytest
from PIL import Image, ImageOps

from momentvos.errors import VideoError
from momentvos.media import Video


@pytest.fixture
def folder(tmp_path, painted):
    """folder(names, size) holds one numbered picture per name."""

    def make(names, size=(32, 64)):
        place = tmp_path / "frames"
        place.mkdir(exist_ok=True)
        for number, name in enumerate(names):
            Image.fromarray(painted(number, size)).save(place / name)
        return place

    return make


def test_natural_order(folder, number_of):
    place = folder([f"shot {number}.png" for number in range(12)])
    (place / "notes.txt").write_text("not a picture")
    (place / ".hidden.png").write_bytes(b"x")
    (place / "folder.png").mkdir()
    video = Video.open(place, fps=8)
    assert [number_of(frame.rgb) for frame in video.frames()] == list(range(12))
    assert video.fps == 8 and video.times[1] == 0.125 and video.duration == 1.5
    assert video.size == (32, 64) and not video.has_audio and video.notes == []
    assert [number_of(frame.rgb) for frame in video.read([3, 11])] == [3, 11]


@pytest.mark.parametrize("suffix", ["jpg", "JPG", "jpeg", "png", "bmp", "webp", "tif", "ppm"])
def test_one_image(folder, number_of, suffix):
    place = folder([f"{number}.{suffix}" for number in range(6)])
    video = Video.open(place / f"5.{suffix}")
    assert len(video) == 1 and video.times == [0.0] and video.duration == 1.0
    assert number_of(next(video.frames()).rgb) == 5


def test_mixed_sizes_name_the_file(folder):
    place = folder(["1.png", "2.png"])
    Image.new("RGB", (10, 20)).save(place / "3.png")
    with pytest.raises(VideoError, match=r"3\.png' is 10 x 20 .* '1\.png' is 64 x 32"):
        Video.open(place)


def test_no_images(tmp_path):
    with pytest.raises(VideoError, match="holds no images"):
        Video.open(tmp_path)


def test_damaged_pictures(folder):
    place = folder(["1.png", "2.png", "3.png"])
    whole = (place / "2.png").read_bytes()
    (place / "2.png").write_bytes(whole[:-30])
    with pytest.raises(VideoError, match=r"2\.png' is damaged"):
        list(Video.open(place).frames())
    (place / "2.png").write_bytes(b"no picture")
    with pytest.raises(VideoError, match=r"2\.png' is not an image"):
        Video.open(place)


@pytest.mark.parametrize("size", [(16400, 2), (2, 16400)])
def test_longer_than_an_overlay_can_be(tmp_path, size):
    Image.new("L", size).save(tmp_path / "a.png")
    with pytest.raises(VideoError, match="no side may have more than 16384"):
        Video.open(tmp_path / "a.png")


def test_too_many_pixels(folder, monkeypatch):
    place = folder(["1.png"])
    monkeypatch.setattr("momentvos.media.frame.MAX_PIXELS", 100)
    with pytest.raises(VideoError, match=r"1\.png' has pictures of 64 x 32"):
        Video.open(place)


def only(path, image, **how):
    image.save(path, **how)
    return next(Video.open(path).frames()).rgb


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("suffix", ["png", "tif", "tiff", "jpg", "webp"])
def test_exif_turns(tmp_path, suffix, orientation):
    picture = np.zeros((16, 32, 3), np.uint8)
    picture[:8, :8], picture[:8, -8:], picture[-8:, :8] = 255, (255, 0, 0), (0, 0, 255)
    turned = {
        1: picture,
        2: picture[:, ::-1],
        3: picture[::-1, ::-1],
        4: picture[::-1],
        5: picture.transpose(1, 0, 2),
        6: np.rot90(picture, -1),
        7: picture.transpose(1, 0, 2)[::-1, ::-1],
        8: np.rot90(picture),
    }
    exif = Image.Exif()
    exif[0x0112] = orientation
    how = {"jpg": {"quality": 100, "subsampling": 0}, "webp": {"lossless": True}}.get(suffix, {})
    path = tmp_path / f"a.{suffix}"
    rgb = only(path, Image.fromarray(picture), exif=exif, **how)
    assert Video.open(path).size == rgb.shape[:2] == turned[orientation].shape[:2]
    assert np.abs(rgb.astype(int) - turned[orientation]).mean() < 2


@pytest.mark.parametrize("mode", ["1", "L", "P", "I;16", "F", "RGBA", "CMYK"])
@pytest.mark.parametrize("orientation", [1, 5, 6, 7, 8])
@pytest.mark.parametrize("compression", [None, "tiff_lzw"])
def test_tiffs_of_every_mode_turn(tmp_path, mode, orientation, compression):
    picture = np.zeros((16, 32), np.uint8)
    picture[:8, :8], picture[-4:, :20] = 255, 255
    if mode == "I;16":
        image = Image.fromarray(picture.astype(np.uint16) * 257)
    else:
        image = Image.fromarray(picture).convert("RGB").convert(mode)
    exif = Image.Exif()
    exif[0x0112] = orientation
    for number in range(2):
        image.save(tmp_path / f"{number}.tif", exif=exif, compression=compression)
    video = Video.open(tmp_path)
    grey = Image.fromarray(picture)
    grey.getexif()[0x0112] = orientation
    expected = np.asarray(ImageOps.exif_transpose(grey))
    assert video.size == expected.shape
    for frame in video.frames():
        assert np.abs(frame.rgb.astype(int) - expected[..., None]).max() < 3


def test_modes(tmp_path):
    clear = Image.new("RGBA", (4, 4), (200, 100, 50, 0))
    clear.putpixel((0, 0), (200, 100, 50, 255))
    rgb = only(tmp_path / "clear.png", clear)
    assert rgb[0, 0].tolist() == [200, 100, 50] and not rgb[1:].any()
    palette = Image.new("P", (4, 4), 1)
    palette.putpalette([0, 0, 0, 9, 8, 7])
    assert only(tmp_path / "palette.png", palette)[2, 2].tolist() == [9, 8, 7]
    deep = Image.fromarray(np.full((4, 4), 0x8012, np.uint16))
    assert only(tmp_path / "deep.png", deep)[0, 0].tolist() == [128] * 3
    real = Image.fromarray(np.full((4, 4), 0.5, np.float32))
    assert only(tmp_path / "real.tif", real)[0, 0].tolist() == [128] * 3
    assert only(tmp_path / "grey.png", Image.new("L", (4, 4), 77))[0, 0].tolist() == [77] * 3
    assert only(tmp_path / "bits.png", Image.new("1", (4, 4), 1))[0, 0].tolist() == [255] * 3


def test_several_pages_are_told(tmp_path):
    page = Image.new("RGB", (4, 4))
    page.save(tmp_path / "a.tif", save_all=True, append_images=[page, page])
    video = Video.open(tmp_path / "a.tif")
    assert len(video) == 1 and "only the first" in video.notes[0]
