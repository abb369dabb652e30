"""Pickles that no unpickler may see, and those that all are for."""

import pickle
import struct

import pytest

from momentvos.data.formats.entry import BrokenEntry
from momentvos.data.formats.safe_unpickle import load
from momentvos.pickles.scan import scan
from momentvos.pickles.value import DEEPEST, UnsafePickleError

PLAIN = [
    {"ref_id": 1, "sentences": [{"raw": "the dog", "tokens": ["the", "dog"], "sent_id": 7}]},
    [None, True, False, -1, 255, 65536, 1 << 40, -(1 << 70), 0.5, "ä\n", b"\x00\xff", (), [], {}],
    [(1,), (1, 2), (1, 2, 3), (1, 2, 3, 4), {1, 2}, frozenset({"a"}), "x" * 300, b"y" * 300],
    [["same"] * 300, {str(number): number for number in range(2000)}],
]


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize("value", PLAIN, ids=range(len(PLAIN)))
def test_plain_values_of_every_protocol(tmp_path, value, protocol):
    if protocol < 4:  # sets and, before 3, bytes are made by calls there
        value = [one for one in value if not isinstance(one, set | frozenset | bytes)] or value
    if isinstance(value, dict) or protocol:
        path = tmp_path / "refs.p"
        path.write_bytes(pickle.dumps(value, protocol))
        assert load(path) == value


def test_strings_of_python_2(tmp_path):
    path = tmp_path / "refs.p"
    path.write_bytes(b"(lp1\n(dp2\nS'sent'\np3\nS'caf\\xe9'\np4\nsa.")
    assert load(path) == [{"sent": "café"}]


def tuples(levels):
    return b"\x80\x02)" + b"\x85" * levels + b"."


DOUBLED = b")" + b"2\x86" * 60
HOSTILE = {
    "nested tuples": tuples(200_000),
    "nested tuples as a key": b"}" + tuples(100_000)[2:-1] + b"Ns.",
    "nested lists": b"]" * 5000 + b"a" * 4999 + b".",
    "nested dicts": b"}" + b"K\1}" * 5000 + b"s" * 5000 + b".",
    "nested sets": b"(" * 5000 + b"\x91" * 5000 + b".",
    "nested outside in": b"]q\0" + b"]2q\1ah\1q\0" * 500 + b".",
    "a key of doubled tuples": b"}" + DOUBLED + b"Ns.",
    "an item of doubled tuples": b"\x8f(" + DOUBLED + b"\x90.",
    "doubled tuples": DOUBLED + b".",
    "doubled lists": b"]q\0" + b"".join(b"](h\0h\0eq\0" for _ in range(60)) + b".",
    "doubled dicts": b"}q\0" + b"".join(b"}(K\1h\0K\2h\0uq\0" for _ in range(60)) + b".",
    "a tuple as a key": b"}K\1\x85Ns.",
    "keys of one hash": b"}\x8a\x08" + ((1 << 61) - 1).to_bytes(8, "little") + b"Ns.",
    "itself": b"]q\0h\0a.",
    "itself by a tuple": b"]q\0h\0\x85a.",
    "a memo of gigabytes": b"Nr" + struct.pack("<I", 0xFFFFFFF0) + b".",
    "a memo of gigabytes, as text": b"Np999999999\n.",
    "a memo below zero": b"Np-1\n.",
    "a long number": b"\x8b" + struct.pack("<I", 1 << 24) + b"\1" * (1 << 24) + b".",
    "a long number as text": b"I" + b"9" * 1_000_000 + b"\n.",
    "a long float": b"F" + b"9" * 1_000_000 + b"\n.",
    "a huge string": b"X" + struct.pack("<I", 0xFFFFFFFF) + b"x.",
    "huge bytes": b"\x8e" + struct.pack("<Q", 1 << 62) + b"x.",
    "a huge byte array": b"\x96" + struct.pack("<Q", 1 << 40) + b"x.",
    "a call": b"cos\nsystem\n(S'true'\ntR.",
    "a call by an instance": b"(S'true'\nios\nsystem\n.",
    "a name on the stack": b"\x80\x04\x8c\x02os\x8c\x06system\x93.",
    "an extension": b"\x82\x01.",
    "a persistent name": b"Px\n.",
    "a persistent value": b"NQ.",
    "an object's state": b"}}b.",
    "nothing": b"",
    "no end": b"N",
    "an empty stack": b".",
    "no mark": b"t.",
    "an odd number of items": b"}(K\1u.",
    "items of a tuple": b")K\1a.",
    "a memo of nothing": b"q\0.",
    "an unknown place": b"h\7.",
    "an opcode of none": b"\xff.",
    "a later protocol": b"\x80\x09N.",
}


@pytest.mark.parametrize("data", HOSTILE.values(), ids=HOSTILE)
def test_hostile_pickles_are_one_error(tmp_path, data):
    path = tmp_path / "refs.p"
    path.write_bytes(data)
    with pytest.raises(BrokenEntry, match=r"refs\.p is not a pickle of plain values .*it was not"):
        load(path)


def test_depth_has_a_limit_that_data_stay_below():
    scan(tuples(DEEPEST - 1))
    with pytest.raises(UnsafePickleError, match="levels deep"):
        scan(tuples(DEEPEST))


def test_what_is_taken_off_the_stack_counts_too():
    with pytest.raises(UnsafePickleError, match="over and over"):
        scan(DOUBLED + b"0N.")


def test_values_may_be_shared_as_often_as_files_do():
    names = [f"name {number}" for number in range(100)]
    scan(pickle.dumps([names] * 1000, 2))


def test_sizes_and_calls_of_mutated_pickles(tmp_path):
    """Whatever passes the scan, an unpickler takes or refuses in time and in little memory."""
    import random

    draw, path = random.Random(0), tmp_path / "refs.p"
    sources = [pickle.dumps(value, protocol) for value in PLAIN[:1] for protocol in range(6)]
    for _ in range(2000):
        data = bytearray(draw.choice(sources))
        for _ in range(draw.randint(1, 6)):
            data[draw.randrange(len(data))] = draw.randrange(256)
        path.write_bytes(data)
        try:
            load(path)
        except BrokenEntry:
            continue
