"""Builder of tiled AVIF and HEIC files, which no encoder at hand writes."""

import io
import struct


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
