"""Tiled and turned AVIF and HEIC: the whole picture, or what to install."""

import io
import struct

import numpy as np
import pytest
from PIL import Image, features

from momentvos.errors import VideoError
from momentvos.media import Video, picture
from momentvos.media.isobmff import ImageFile


def box(kind, *parts):
    content = b"".join(parts)
    return struct.pack(">I4s", 8 + len(content), kind) + content


def full(kind, *parts, version=0, flags=0):
    return box(kind, struct.pack(">I", version << 24 | flags), *parts)


def _coded(image, save):
    """(decoder configuration box, coded picture) of an image by its encoder."""
    out = io.BytesIO()
    save(image, out)
    data = out.getvalue()
    place = next(data.index(kind) for kind in (b"av1C", b"hvcC") if kind in data) - 4
    config = data[place : place + int.from_bytes(data[place : place + 4], "big")]
    start = data.index(b"mdat") - 4
    return config, data[start + 8 : start + int.from_bytes(data[start : start + 4], "big")]


def tiled(image, rows, columns, save, kind, turn=b"", colours=b""):
    """A file of a picture in rows * columns tiles.

    kind: b"av01" or b"hvc1". save: writes an image to a file by that encoder, without alpha. turn:
    a property box of the whole picture, `irot` or `imir`. colours: a `colr` box.
    """
    width, height = image.size[0] // columns, image.size[1] // rows
    tiles = [
        image.crop((x * width, y * height, (x + 1) * width, (y + 1) * height))
        for y in range(rows)
        for x in range(columns)
    ]
    coded = [_coded(tile, save) for tile in tiles]
    grid = struct.pack(">4B2H", 0, 0, rows - 1, columns - 1, *image.size)
    datas = [grid, *(data for _, data in coded)]
    count = len(datas)

    def meta(offsets):
        properties = [
            full(b"ispe", struct.pack(">2I", *image.size)),
            full(b"ispe", struct.pack(">2I", width, height)),
            coded[0][0],
            full(b"pixi", bytes([3, 8, 8, 8])),
            *(part for part in (turn, colours) if part),
        ]
        extra = [0x80 * bool(turn) | 5, 6][: len(properties) - 4]  # turns are essential
        uses = [struct.pack(">HB", 1, 2 + len(extra)), bytes([1, 4, *extra])]
        for number in range(2, count + 1):
            uses += [struct.pack(">HB", number, 3), bytes([2, 0x83, 4])]
        infos = [
            full(b"infe", struct.pack(">2H4s", number, 0, b"grid" if number == 1 else kind), b"\0",
                 version=2, flags=int(number > 1))
            for number in range(1, count + 1)
        ]  # fmt: skip
        places = [
            struct.pack(">3H2I", number, 0, 1, offset, len(data))
            for number, (offset, data) in enumerate(zip(offsets, datas, strict=True), 1)
        ]
        children = struct.pack(f">2H{count - 1}H", 1, count - 1, *range(2, count + 1))
        return full(
            b"meta",
            full(b"hdlr", struct.pack(">I4s12x", 0, b"pict"), b"\0"),
            full(b"pitm", struct.pack(">H", 1)),
            full(b"iloc", struct.pack(">BBH", 0x44, 0, count), *places),
            full(b"iinf", struct.pack(">H", count), *infos),
            full(b"iref", box(b"dimg", children)),
            box(
                b"iprp",
                box(b"ipco", *properties),
                full(b"ipma", struct.pack(">I", count), *uses),
            ),
        )

    brand = b"avif" if kind == b"av01" else b"heic"
    head = box(b"ftyp", brand, struct.pack(">I", 0), brand, b"mif1", b"miaf")
    start = len(head) + len(meta([0] * count)) + 8
    offsets = [start + sum(map(len, datas[:number])) for number in range(count)]
    return head + meta(offsets) + box(b"mdat", *datas)


def avif(image, file):
    image.save(file, "AVIF", quality=95)


def heic(image, file):
    pytest.importorskip("pillow_heif").register_heif_opener()
    image.save(file, "HEIF", quality=95)


CODERS = {"avif": (avif, b"av01"), "heic": (heic, b"hvc1")}
CORNERS = [(250, 30, 30), (30, 250, 30), (30, 30, 250), (200, 200, 200)]


@pytest.fixture(autouse=True)
def pillow_with_avif():
    if not features.check("avif"):
        pytest.skip("this Pillow writes no AVIF")


def quarters(width=256, height=192):
    """A picture of four colours, one in each quarter."""
    pixels = np.zeros((height, width, 3), np.uint8)
    for place, colour in enumerate(CORNERS):
        rows = slice(0, height // 2) if place < 2 else slice(height // 2, None)
        columns = slice(0, width // 2) if place % 2 == 0 else slice(width // 2, None)
        pixels[rows, columns] = colour
    return pixels


def rgb_of(path):
    video = Video.open(path)
    assert len(video) == 1
    rgb = next(video.frames()).rgb
    assert video.size == rgb.shape[:2]
    return rgb


@pytest.mark.parametrize("coder", CODERS)
@pytest.mark.parametrize(("rows", "columns"), [(2, 2), (1, 2), (3, 1)])
@pytest.mark.parametrize("suffix", ["right", "jpg", "mp4"])
def test_all_tiles_are_read(tmp_path, coder, rows, columns, suffix):
    pixels = quarters()
    path = tmp_path / f"tiles.{coder if suffix == 'right' else suffix}"
    path.write_bytes(tiled(Image.fromarray(pixels), rows, columns, *CODERS[coder]))
    assert np.abs(rgb_of(path).astype(int) - pixels).mean() < 3


@pytest.mark.parametrize("coder", CODERS)
@pytest.mark.parametrize(
    ("turn", "expected"),
    [
        (box(b"irot", b"\1"), lambda pixels: np.rot90(pixels)),
        (box(b"irot", b"\3"), lambda pixels: np.rot90(pixels, -1)),
        (box(b"imir", b"\1"), lambda pixels: pixels[:, ::-1]),
        (box(b"imir", b"\0"), lambda pixels: pixels[::-1]),
    ],
)
def test_turns_of_the_container(tmp_path, coder, turn, expected):
    pixels = quarters()
    path = tmp_path / f"turned.{coder}"
    path.write_bytes(tiled(Image.fromarray(pixels), 2, 2, *CODERS[coder], turn=turn))
    rgb = rgb_of(path)
    assert rgb.shape == expected(pixels).shape
    assert np.abs(rgb.astype(int) - expected(pixels)).mean() < 3


@pytest.mark.parametrize("coder", CODERS)
def test_opacity_is_over_black(tmp_path, coder):
    pixels = np.dstack([quarters(), np.full((192, 256), 255, np.uint8)])
    pixels[:, :128, 3] = 0
    path = tmp_path / f"clear.{coder}"
    CODERS[coder][0](Image.fromarray(pixels), path)
    rgb = rgb_of(path)
    assert rgb[:, :120].max() < 3 and np.abs(rgb[20, 200].astype(int) - CORNERS[1]).max() < 6


@pytest.mark.parametrize("coder", CODERS)
def test_labels_of_hdr_are_heeded(tmp_path, coder):
    """203 nits are the code 0.5807 of PQ; the tone curve of BT.2390 makes that 230 of 255."""
    colours = box(b"colr", b"nclx", struct.pack(">3HB", 9, 16, 9, 0x80))
    grey = Image.new("RGB", (256, 128), (148, 148, 148))
    path = tmp_path / f"hdr.{coder}"
    path.write_bytes(tiled(grey, 1, 2, *CODERS[coder], colours=colours))
    assert Video.open(path).notes == ["HDR (PQ) was mapped to SDR"]
    assert np.abs(rgb_of(path).astype(int) - 230).max() <= 2


def test_heic_names_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setattr("momentvos.media.kind.reads_heic", lambda: False)
    monkeypatch.setattr("momentvos.media.damage.reads_heic", lambda: False)
    monkeypatch.setattr(picture, "_formats", lambda: ("JPEG", "PNG"))
    config = full(b"hvcC", b"\1")
    path = tmp_path / "phone.jpg"

    def save(image, file):
        file.write(config + box(b"mdat", b"\0" * 8))

    path.write_bytes(tiled(Image.new("RGB", (64, 64)), 2, 2, save, b"hvc1"))
    with pytest.raises(VideoError, match=r"phone\.jpg' is a HEIC.*momentvos\[heic\]") as caught:
        Video.open(path)
    assert "\n" not in str(caught.value)


def test_headers(tmp_path):
    path = tmp_path / "a.avif"
    path.write_bytes(tiled(Image.new("RGB", (128, 128)), 2, 2, *CODERS["avif"]))
    whole = path.read_bytes()
    assert ImageFile.read(path) == ImageFile(False, False, False, None)
    avif(Image.new("RGB", (64, 64)), path)
    assert ImageFile.read(path).simple
    path.write_bytes(b"RIFF....WEBPVP8 ")
    assert ImageFile.read(path) is None
    for cut in range(8, len(whole), 7):
        path.write_bytes(whole[:cut])
        with pytest.raises(VideoError, match=r"a\.avif"):
            list(Video.open(path).frames())
