"""Pictures of more than 8 bits are scaled by their true depth."""

import struct
import zlib

import numpy as np
import pytest
from PIL import Image, TiffImagePlugin

from momentvos.media import Video

GREY = np.linspace(0, 1, 64)[None].repeat(16, 0)
EXPECTED = np.rint(GREY * 255).astype(int)
MAX_VALUE, S_MAX_VALUE, WHITE_LEVEL = 281, 341, 50717


def ramp(top, kind=np.uint16):
    return np.rint(GREY * top).astype(kind)


def tiff(path, values, tags=(), **how):
    info = TiffImagePlugin.ImageFileDirectory_v2()
    for tag, value in dict(tags).items():
        info[tag] = value
    Image.fromarray(values).save(path, tiffinfo=info, **how)
    return path


def png(path, values, chunks=()):
    """Write 8 or 16-bit samples [H, W] or [H, W, C], with further chunks before the pixels."""
    height, width, *channels = values.shape
    kind = {(): 0, (2,): 4, (3,): 2, (4,): 6}[tuple(channels)]
    bits = 8 * values.dtype.itemsize
    big = values.astype(f">u{values.dtype.itemsize}")
    pixels = zlib.compress(b"".join(b"\0" + row.tobytes() for row in big))
    head = struct.pack(">2I5B", width, height, bits, kind, 0, 0, 0)
    parts = [(b"IHDR", head), *chunks, (b"IDAT", pixels), (b"IEND", b"")]
    path.write_bytes(
        b"\x89PNG\r\n\x1a\n"
        + b"".join(
            struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
            for name, data in parts
        )
    )
    return path


def greys(path):
    rgb = next(Video.open(path).frames()).rgb.astype(int)
    assert np.all(rgb == rgb[..., :1])
    return rgb[..., 0]


@pytest.mark.parametrize("bits", [10, 12, 14, 16])
@pytest.mark.parametrize("order", ["<u2", ">u2"])
def test_the_values_of_a_tiff_tell_its_depth(tmp_path, bits, order):
    path = tiff(tmp_path / "a.tif", ramp(2**bits - 1).astype(order))
    assert np.abs(greys(path) - EXPECTED).max() <= 1
    note = f"deep pictures: the value {2**bits - 1} is taken for white"
    assert Video.open(path).notes == [note] * (bits < 16)


@pytest.mark.parametrize("tag", [MAX_VALUE, S_MAX_VALUE])
@pytest.mark.parametrize(("largest", "white"), [(4095, 4095), (3000, 4095), (65535, 65535)])
def test_tags_of_the_largest_value_tell_the_bits(tmp_path, tag, largest, white):
    path = tiff(tmp_path / "a.tif", ramp(1000), {tag: largest})
    assert greys(path).max() == round(1000 / white * 255)


def test_the_white_of_a_raw_picture_is_exact(tmp_path):
    path = tiff(tmp_path / "a.tif", ramp(3000), {WHITE_LEVEL: 3000, MAX_VALUE: 65535})
    assert np.abs(greys(path) - EXPECTED).max() <= 1


def test_packed_samples_of_12_bits(tmp_path):
    path = tiff(tmp_path / "a.tif", ramp(65535), big_tiff=False)
    data = bytearray(path.read_bytes())
    values = ramp(1023).astype(int)
    packed = b"".join(
        bytes([a >> 4, (a & 15) << 4 | b >> 8, b & 255]) for a, b in values.reshape(-1, 2)
    )
    with Image.open(path) as image:
        offset, tags = image.tag_v2[273][0], image.tag_v2
        assert tags[258] == (16,)
    data[offset : offset + len(packed)] = packed
    place = data.index(struct.pack("<2HI", 258, 3, 1))
    data[place + 8 : place + 10] = struct.pack("<H", 12)
    path.write_bytes(data)
    assert greys(path).max() == round(1023 / 4095 * 255)


@pytest.mark.parametrize("top", [4095, 65535])
def test_white_is_zero(tmp_path, top):
    path = tiff(tmp_path / "a.tif", ramp(top))
    data = bytearray(path.read_bytes())
    place = data.index(struct.pack("<2HI", 262, 3, 1))
    data[place + 8 : place + 10] = struct.pack("<H", 0)
    path.write_bytes(data)
    assert np.abs(greys(path) - EXPECTED[:, ::-1]).max() <= 1


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (ramp(255, np.int32), EXPECTED),
        (ramp(4095, np.int32), EXPECTED),
        (ramp(65535, np.int32), EXPECTED),
        (ramp(1, np.float32), np.rint(GREY) * 255),
        (GREY.astype(np.float32), EXPECTED),
        ((GREY * 1.5).astype(np.float32), np.minimum(EXPECTED * 1.5, 255)),
        ((GREY * 255).astype(np.float32), EXPECTED),
        ((GREY * 65535).astype(np.float32), EXPECTED),
        ((GREY * 1e6).astype(np.float32), EXPECTED),
    ],
)
def test_integers_of_32_bits_and_floats(tmp_path, values, expected):
    assert np.abs(greys(tiff(tmp_path / "a.tif", values)) - expected).max() <= 1


def test_what_is_no_number_is_black(tmp_path):
    values = GREY.astype(np.float32)
    values[0, :], values[1, :], values[2, :] = np.nan, np.inf, -np.inf
    got = greys(tiff(tmp_path / "a.tif", values))
    assert not got[0].any() and np.all(got[1] == 255) and not got[2].any()
    assert np.abs(got[3:] - EXPECTED[3:]).max() <= 1


@pytest.mark.parametrize(
    ("values", "significant", "top"),
    [
        (ramp(4095) << 4, 12, 255),
        (ramp(4095) << 4 | ramp(4095) >> 8, 12, 255),
        (ramp(4095), 12, 255),  # against the standard, but common
        (ramp(255) << 4, 12, 16),  # dark, by the standard
        (ramp(4095), 16, 16),
        (ramp(4095), None, 255),
        (ramp(65535), None, 255),
    ],
)
def test_significant_bits_of_png(tmp_path, values, significant, top):
    chunks = [] if significant is None else [(b"sBIT", bytes([significant]))]
    got = greys(png(tmp_path / "a.png", values, chunks))
    assert abs(got.max() - top) <= 1
    assert np.abs(got - EXPECTED * (top / 255)).max() <= 1


@pytest.mark.parametrize("suffix", ["png", "tif"])
@pytest.mark.parametrize("bits", [10, 12, 16])
@pytest.mark.parametrize("orientation", [1, 6])
def test_deep_colours(tmp_path, suffix, bits, orientation):
    top = 2**bits - 1
    values = np.stack([ramp(top), ramp(top) // 2, ramp(top) // 4], -1)
    path = tmp_path / f"a.{suffix}"
    if suffix == "png":
        exif = Image.Exif()
        exif[0x0112] = orientation
        png(path, values, [(b"eXIf", exif.tobytes().removeprefix(b"Exif\0\0"))])
    else:
        colour_tiff(path, values, orientation)
    rgb = next(Video.open(path).frames()).rgb
    expected = np.rint(values / top * 255).astype(int)
    expected = np.rot90(expected, -1) if orientation == 6 else expected
    assert Video.open(path).size == rgb.shape[:2] == expected.shape[:2]
    assert np.abs(rgb - expected).max() <= 1


def colour_tiff(path, values, orientation):
    """An uncompressed 16-bit RGB TIFF, which Pillow does not write; big endian."""
    height, width, _ = values.shape
    pixels = values.astype(">u2").tobytes()
    entries = [
        (256, 3, 1, width << 16), (257, 3, 1, height << 16), (258, 3, 3, 8), (259, 3, 1, 1 << 16),
        (262, 3, 1, 2 << 16), (273, 4, 1, 14), (274, 3, 1, orientation << 16),
        (277, 3, 1, 3 << 16), (278, 3, 1, height << 16), (279, 4, 1, len(pixels)),
    ]  # fmt: skip
    where = 14 + len(pixels)
    table = struct.pack(">H", len(entries)) + b"".join(struct.pack(">2H2I", *e) for e in entries)
    head = struct.pack(">2sHI3H", b"MM", 42, where, 16, 16, 16)
    path.write_bytes(head + pixels + table + b"\0\0\0\0")


def test_opacity_of_deep_pictures(tmp_path):
    values = np.zeros((16, 64, 4), np.uint16)
    values[..., 0], values[..., 3] = 4095, 65535
    values[:, :32, 3] = 32768
    rgb = next(Video.open(png(tmp_path / "a.png", values)).frames()).rgb
    assert rgb[3, 3].tolist() == [128, 0, 0] and rgb[3, 60].tolist() == [255, 0, 0]
    grey = np.dstack([ramp(65535), np.full((16, 64), 32768, np.uint16)])
    rgb = next(Video.open(png(tmp_path / "la.png", grey)).frames()).rgb
    assert abs(int(rgb[3, 63, 0]) - 128) <= 1


def test_a_clear_grey_is_black(tmp_path):
    values = ramp(65535)
    path = png(tmp_path / "a.png", values, [(b"tRNS", b"\xff\xff")])
    assert greys(path)[0, -1] == 0 and greys(path)[0, -2] == EXPECTED[0, -2]


def test_a_folder_has_one_white(tmp_path):
    """Its dark frames stay dark beside its bright ones; black ones say nothing."""
    for number, top in enumerate([0, 200, 1000, 4095, 300]):
        tiff(tmp_path / f"{number}.tif", ramp(top))
    video = Video.open(tmp_path)
    brightest = [int(frame.rgb.max()) for frame in video.frames()]
    assert brightest == [round(top / 4095 * 255) for top in [0, 200, 1000, 4095, 300]]
    assert video.notes == ["deep pictures: the value 4095 is taken for white"]


def test_pictures_of_other_samples_have_their_own_white(tmp_path):
    tiff(tmp_path / "0.tif", ramp(4095))
    png(tmp_path / "1.png", ramp(65535))
    tiff(tmp_path / "2.tif", GREY.astype(np.float32))
    for frame in Video.open(tmp_path).frames():
        assert np.abs(frame.rgb[..., 0] - EXPECTED).max() <= 1


def test_black_stays_black(tmp_path):
    assert not greys(tiff(tmp_path / "a.tif", np.zeros((4, 4), np.uint16))).any()


@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
@pytest.mark.parametrize(
    ("labels", "note"), [(bytes([9, 16, 0, 1]), "HDR (PQ)"), (bytes([9, 18, 0, 1]), "HDR (HLG)")]
)
def test_hdr_of_png(tmp_path, kind, labels, note):
    code = {16: 0.58069, 18: 0.75}[labels[1]]
    values = np.full((8, 8, 3), round(code * np.iinfo(kind).max), kind)
    video = Video.open(png(tmp_path / "a.png", values, [(b"cICP", labels)]))
    assert video.notes == [f"{note} was mapped to SDR"]
    assert np.abs(next(video.frames()).rgb.astype(int) - 230).max() <= 1
