"""Checkpoints whose archive or tensors lie; each is one sentence, and PyTorch is not asked."""

import argparse
import io
import struct
import zipfile
from collections import Counter, OrderedDict

import pytest
import torch

from momentvos.errors import ModelError
from momentvos.pickles import archive
from momentvos.pickles.checkpoint import check_checkpoint, load_checkpoint

HEAD, FLOATS = b"\x80\x02", b"ctorch\nFloatStorage\n"


def text(value):
    return b"X" + struct.pack("<I", len(value)) + value.encode()


def whole(number):
    data = number.to_bytes(9, "little", signed=True)
    return b"\x8a\x09" + data


def numbers(*values):
    return b"(" + b"".join(map(whole, values)) + b"t"


def storage(count=4, key="0", kind=FLOATS):
    return b"(" + text("storage") + kind + text(key) + text("cpu") + whole(count) + b"tQ"


def tensor(offset=0, shape=(4,), stride=(1,), source=None, hooks=b"ccollections\nOrderedDict\n)R"):
    parts = (storage() if source is None else source, whole(offset), numbers(*shape))
    parts = (*parts, numbers(*stride), b"\x89", hooks)
    return b"ctorch._utils\n_rebuild_tensor_v2\n(" + b"".join(parts) + b"tR"


def state(*tensors):
    items = b"".join(text(f"w{number}") + one for number, one in enumerate(tensors))
    return HEAD + b"}(" + items + b"u."


def write(path, content, records=(("data/0", bytes(16)),), method=zipfile.ZIP_STORED):
    with zipfile.ZipFile(path, "w", method) as made:
        made.writestr("x/data.pkl", content)
        for name, data in records:
            made.writestr(f"x/{name}", data)
        made.writestr("x/version", b"3\n")
    return path


@pytest.fixture
def path(tmp_path):
    return tmp_path / "model.pth"


def refused(path, why):
    with pytest.raises(ModelError, match=why) as caught:
        load_checkpoint(path)
    assert str(caught.value).startswith(str(path))
    assert "\n" not in str(caught.value)


def test_own_bytes_are_a_checkpoint(path):
    content = load_checkpoint(write(path, state(tensor(), tensor(1, (3,), (1,)))))
    assert content["w0"].tolist() == [0.0] * 4
    assert content["w1"].shape == (3,)


def test_what_training_programs_store(path):
    weights = OrderedDict(a=torch.zeros(3, 4), tied=torch.zeros(0), scalar=torch.tensor(2))
    weights._metadata = OrderedDict(version=1)
    weights["same"] = weights["a"]
    weights["view"] = weights["a"][1:, ::2]
    weights["turned"] = weights["a"].T
    weights["wide"] = torch.zeros(1, 7).expand(3, 7)
    weights["half"] = torch.zeros(3).bfloat16()
    weights["eighth"] = torch.zeros(3, dtype=torch.float8_e4m3fn)
    weights["parameter"] = torch.nn.Parameter(torch.zeros(3))
    model = torch.nn.Linear(3, 3)
    optimizer = torch.optim.AdamW(model.parameters())
    model(torch.ones(1, 3)).sum().backward()
    optimizer.step()
    schedule = torch.optim.lr_scheduler.MultiStepLR(optimizer, [3, 5])
    content = {
        "model": weights,
        "optimizer": optimizer.state_dict(),
        "lr_scheduler": {"milestones": schedule.milestones, "best": float("inf")},
        "args": argparse.Namespace(lr=1e-4, names=["a", ("b", 1)], device="cuda", none=None),
        "shape": torch.Size([1, 2]),
        "type": torch.float16,
        "device": torch.device("cuda:0"),
        "epoch": 12,
    }
    torch.save(content, path)
    found = load_checkpoint(path)
    assert found["args"] == content["args"]
    assert found["lr_scheduler"]["milestones"] == Counter([3, 5])
    assert [found[name] for name in ("shape", "type", "device")] == [
        content[name] for name in ("shape", "type", "device")
    ]
    for name, weight in weights.items():
        assert torch.equal(found["model"][name].float(), weight.float())


BEYOND = "does not lie in its storage"
LYING = {
    "a storage beyond the file": (state(tensor(shape=(9,), source=storage(9))), "as a whole"),
    "a storage of a huge size": (state(tensor(source=storage(1 << 60))), "as a whole"),
    "a storage below zero": (state(tensor(source=storage(-4))), "as a whole"),
    "a storage that is not there": (state(tensor(source=storage(key="7"))), "as a whole"),
    "a storage outside": (state(tensor(source=storage(key="../0"))), "as a whole"),
    "a storage twice": (
        state(tensor(), tensor(source=storage(2, kind=b"ctorch\nDoubleStorage\n"))),
        "in two ways",
    ),
    "a storage of no kind": (state(tensor(source=storage(kind=b"N"))), "outside the file"),
    "too many elements": (state(tensor(shape=(5,))), BEYOND),
    "an offset": (state(tensor(1)), BEYOND),
    "an offset below zero": (state(tensor(-1)), BEYOND),
    "a stride": (state(tensor(stride=(2,))), BEYOND),
    "a stride below zero": (state(tensor(stride=(-1,))), "tensor that is none"),
    "a side below zero": (state(tensor(shape=(-1,))), "tensor that is none"),
    "a huge side": (state(tensor(shape=(1 << 50,), stride=(0,))), "tensor that is none"),
    "more strides than sides": (state(tensor(stride=(1, 1))), BEYOND),
    "many sides": (state(tensor(shape=(1,) * 60, stride=(1,) * 60)), "tensor that is none"),
    "a view of 1e12 elements": (state(tensor(shape=(10**6, 10**6), stride=(0, 0))), "far more"),
    "many views": (
        state(*[tensor(shape=(1 << 20,), stride=(0,))] * 100),
        "far more",
    ),
    "no hooks": (state(tensor(hooks=b"N")), "tensor that is none"),
    "a parameter of nothing": (
        state(b"ctorch._utils\n_rebuild_parameter\n(N\x89ccollections\nOrderedDict\n)RtR"),
        "parameter that is none",
    ),
    "a tensor's state": (state(tensor() + b"(" + storage() + b"K\0K\0K\0tb"), "another state"),
    "a sparse tensor": (
        state(b"ctorch._utils\n_rebuild_sparse_tensor\n)R"),
        r"asks for the Python object torch\._utils\._rebuild_sparse_tensor",
    ),
    "a dict by its arguments": (
        HEAD + b"ccollections\nOrderedDict\n]]K\1K\2\x86aa\x85R.",
        "by its arguments",
    ),
    "a counter of letters": (HEAD + b"ccollections\nCounter\n" + text("ab") + b"\x85R.", "fills"),
    "a codec": (HEAD + b"c_codecs\nencode\n(" + text("a") + text("idna") + b"tR.", "fills"),
    "a call of a type": (HEAD + b"ctorch\nfloat32\n)R.", "torch.float32"),
    "a persistent number": (HEAD + b"K\1Q.", "outside the file"),
    "nested tuples": (HEAD + b")" + b"\x85" * 200_000 + b".", "levels deep"),
    "doubled tuples": (HEAD + b"})" + b"2\x86" * 60 + b"Ns.", "over and over"),
    "a memo of gigabytes": (HEAD + b"}r" + b"\xff" * 4 + b".", "numbers a value"),
    "nothing": (b"", "cut off"),
}


@pytest.mark.parametrize(("content", "why"), LYING.values(), ids=LYING)
def test_pickles_that_lie(path, content, why):
    refused(write(path, content), why)


def test_compressed_records(path):
    refused(write(path, state(tensor()), method=zipfile.ZIP_DEFLATED), "not one written by")
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("x/data.pkl", state(tensor()), zipfile.ZIP_STORED)
        made.writestr("x/data/0", bytes(1 << 24))
    path.write_bytes(bomb.getvalue())
    refused(path, "not one written by")


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize(
    "name", ["data.pkl", "DATA.PKL", "../y/data.pkl", "data/0", "Data/0"], ids=str
)
def test_records_that_are_there_twice(path, name):
    records = [("data/0", bytes(16)), (name, HEAD + b"N.")]
    if name.startswith(".."):
        with zipfile.ZipFile(write(path, state(tensor()), records[:1]), "a") as made:
            made.writestr("y/data.pkl", HEAD + b"N.")
    else:
        write(path, state(tensor()), records)
    refused(path, "not one written by")


def test_archives_that_two_readers_take_differently(path):
    good = write(path, state(tensor())).read_bytes()
    for odd in (b"x" + good, good + b"x", good + good, good[:-2] + b"\1\0x", good[:-1]):
        path.write_bytes(odd)
        refused(path, "torch.save")


def directory(data, number, place, value):
    """The archive with four bytes of an entry of its directory, or of a header, changed."""
    start = 0
    for _ in range(number + 1):
        start = data.index(b"PK\1\2", start) + 4
    at = start - 4 + place
    return data[:at] + struct.pack("<L", value) + data[at + 4 :]


def test_records_that_overlap_or_lie_outside(path):
    good = write(path, state(tensor())).read_bytes()
    for number, place, value in [
        (1, 42, 0),  # the storage's header is the pickle's
        (1, 42, 1 << 31),
        (1, 20, 1 << 30),
        (1, 24, 1 << 30),
        (0, 24, 1 << 30),
        (0, 20, 0xFFFFFFFF),
    ]:
        path.write_bytes(directory(good, number, place, value))
        refused(path, "torch.save|overlap|cannot be read")
    header = good.index(b"PK\3\4", 4)
    path.write_bytes(good[: header + 28] + b"\xff\xff" + good[header + 30 :])
    refused(path, "overlap")


def test_limits_of_the_archive(path, monkeypatch):
    write(path, state(tensor()))
    for limit, why in (
        ("LARGEST_FILE", "larger than"),
        ("LARGEST_PICKLE", "describes more"),
        ("LARGEST_DIRECTORY", "describes more"),
    ):
        with monkeypatch.context() as patch:
            patch.setattr(archive, limit, 10)
            refused(path, why)


def test_files_of_old_versions_are_named(path):
    torch.save({"a": torch.zeros(3)}, path, _use_new_zipfile_serialization=False)
    refused(path, r"written by torch\.save since version 1\.6")


def test_stand_ins_are_named_and_inert(path):
    content = HEAD + b"cutils.easydict\nEasyDict\n)\x81}" + text("a") + b"K\1sb."

    class Settings:
        def __new__(cls):
            return OrderedDict()

    write(path, content)
    refused(path, r"asks for the Python object utils\.easydict\.EasyDict")
    assert load_checkpoint(path, {"utils.easydict.EasyDict": Settings}).a == 1


def test_mutated_checkpoints_are_errors_or_checkpoints(path):
    import random

    draw = random.Random(0)
    torch.save({"model": {"a": torch.zeros(3), "b": torch.zeros(2, 2)}, "epoch": 3}, path)
    good = path.read_bytes()
    passed = 0
    for _ in range(400):
        data = bytearray(good)
        for _ in range(draw.randint(1, 3)):
            data[draw.randrange(len(data))] = draw.randrange(256)
        path.write_bytes(data)
        try:
            check_checkpoint(path)
            load_checkpoint(path)
            passed += 1
        except ModelError as error:
            assert "\n" not in str(error)
    assert 0 < passed < 400
