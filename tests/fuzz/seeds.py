"""Contents that made some reader crash, hang or print a traceback once, in few bytes each."""

from __future__ import annotations

import json
import struct
from functools import cache

DEPTH = 200_000
NESTED = (b"[" * DEPTH + b"]" * DEPTH, b'{"x":' * DEPTH + b"0" + b"}" * DEPTH)
JSON = (
    *NESTED,
    *(b"", b"null", b"[]", b"3", b'"x"', b"NaN", b"[Infinity]", b'{"model": 3}', b'{"x": '),
    *(b"9" * 5000, b'{"rate": ' + b"9" * 5000 + b"}", b'"\\ud800"', b"\xed\xa0\x80", b"\xff\xfe"),
    *(b'{"a": 1, "a": 2}', b"\xef\xbb\xbf{}", b"\0" * 64, b"2024-13-45", b"1e999999999"),
)
YAML = (
    b"a: &a [x, x]\n"
    + b"".join(b"%c: &%c [*%c, *%c]\n" % (n + 1, n + 1, n, n) for n in range(97, 121)),
    b"a: &a {x: 1}\n"
    + b"".join(b"%c: &%c {<<: [*%c, *%c]}\n" % (n + 1, n + 1, n, n) for n in range(97, 121)),
    b"&a [*a]",
    b"&a {<<: *a}",
    b"[" * 5000,
    b"- " * 5000,
    b"model: {path: x}\nmodel: {path: y}\n",
    b"seed: 2024-13-45",
    b"seed: " + b"9" * 5000,
    b"seed: 0x" + b"f" * 5000,
    b"seed: " + b"1:" * 3000 + b"1",
    b"!!python/object/apply:os.system [x]",
    b"seed: !!timestamp x",
    b"? [a, b]\n: 1",
    b'stages: [{name: "../../x", keep: last}]',
    b"\t",
)
_TEXT = b"X\x01\0\0\0x"
PICKLES = (
    *(b"\x80\x02" + one for one in (b"", b"N", b"cos\nsystem\n(X\x01\0\0\0xtR.", b"N.N.")),
    b"\x80\x02)" + b"\x85" * DEPTH + b".",
    b"\x80\x02]" + b"(l" * 1000 + b".",
    b"(" * DEPTH + b"." + b"t" * DEPTH,
    b"\x80\x02})" + b"2\x86" * 60 + b"Ns.",
    b"\x80\x02}" + b")2\x86" + b"2\x86" * 60 + b"Ns.",
    b"\x80\x02]r\xff\xff\xff\xff.",
    b"\x80\x02]p99999999999\n.",
    b"\x80\x02X\xff\xff\xff\x7f.",
    b"\x80\x04\x8d" + b"\xff" * 8 + b".",
    b"\x80\x04\x95" + b"\xff" * 8 + b".",
    b"\x80\x02I" + b"9" * 100_000 + b"\n.",
    b"\x80\x02\x8b" + struct.pack("<I", 100_000) + b"\x7f" * 100_000 + b".",
    b"F1e400\n.",
    b"(lp0\nF\xff\xfe1.5\na.",
    b"\x80\x02]" + _TEXT + b"2" * DEPTH + b".",
)
_TOKENIZERS: tuple[dict[str, object], ...] = (
    {"normalizer": {"type": "Precompiled", "precompiled_charsmap": "AAAA"}},
    {"normalizer": {"type": "Precompiled", "precompiled_charsmap": "AAAAAAAAAAA="}},
    {"normalizer": {"type": "Replace", "pattern": {"String": ""}, "content": "x"}},
    {"pre_tokenizer": {"type": "FixedLength", "length": 0}},
    {"pre_tokenizer": {"type": "Split", "pattern": {"Regex": "("}, "behavior": "Removed"}},
    {
        "post_processor": {
            "type": "TemplateProcessing",
            "single": [{"SpecialToken": {"id": "x", "type_id": 0}}],
            "pair": [],
            "special_tokens": {},
        }
    },
    {"model": {"type": "Unigram", "unk_id": None, "vocab": [["a", 0.0]]}},
    {"model": {"type": "WordLevel", "vocab": {"a": 0}, "unk_token": "x"}},
)
RLE_COUNTS = ("", "0", "o", "o" * 100_000, "PPPPPPPPPPPP", "oooooooooo?", "\0", "é", " " * 50)


def tokenizers(sound: bytes) -> tuple[bytes, ...]:
    """A sound tokenizer.json with parts at which the tokenizers library panics."""
    content = json.loads(sound)
    return tuple(json.dumps(content | parts).encode() for parts in _TOKENIZERS)


@cache
def checkpoints() -> tuple[bytes, ...]:
    """Archives as torch.save writes them, around each of the pickles."""
    import io
    import zipfile

    made = []
    for content in PICKLES:
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w") as archive:
            archive.writestr("x/data.pkl", content)
            archive.writestr("x/version", b"3\n")
        made.append(out.getvalue())
    return (*made, b"PK\3\4", b"\x80\x02}.", b"")


@cache
def weights() -> tuple[bytes, ...]:
    """Files of safetensors whose header lies."""

    def file(header: bytes, rest: bytes = bytes(8), length: int | None = None) -> bytes:
        return struct.pack("<Q", len(header) if length is None else length) + header + rest

    def one(**entry: object) -> bytes:
        sound = {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}
        return file(json.dumps({"w": sound | entry}).encode())

    return (
        *(file(content) for content in (*NESTED, b"", b"{}", b"[]", b"{", b"\xff")),
        *(file(b"{}", length=size) for size in (0, 1, 3, 1 << 40, (1 << 64) - 1)),
        *(one(shape=shape) for shape in ([], [3], [-1], [1 << 40, 1 << 40], "x", [2.5])),
        *(one(data_offsets=place) for place in ([8, 0], [0, 1 << 62], [4, 12], [0], None)),
        *(one(dtype=kind) for kind in ("F8_E4M3", "X", None, "F4")),
        b"",
        b"\0" * 7,
    )
