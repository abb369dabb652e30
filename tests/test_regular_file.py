"""Pipes and devices are never read, wherever a file is named."""

import os
import signal
from pathlib import Path

import pytest

from momentvos.batch.table import read_table
from momentvos.convert.checkpoint import read as read_checkpoint
from momentvos.convert.folder import read_json
from momentvos.convert.folder import weights as official_weights
from momentvos.convert.sentencepiece import read_pieces
from momentvos.data.formats import entry, pictures, safe_unpickle
from momentvos.data.formats.mask_index import MaskIndex
from momentvos.errors import MomentVOSError
from momentvos.evaluation.store import Store
from momentvos.grounding.annotation import _json
from momentvos.grounding.resume import load_state
from momentvos.grounding.weights import obtain
from momentvos.media import Video
from momentvos.regular_file import open_regular, read_bytes, read_text
from momentvos.results.prediction import Prediction
from momentvos.systems.pretrained import check_available
from momentvos.systems.tgl.model import TglModel
from momentvos.training import ablation, recipe
from momentvos.weights import check_safe

READERS = {
    "recipe.yaml": recipe.load,
    "recipe.json": recipe.load,
    "table.yaml": ablation.load,
    "meta.json": entry.load,
    "lines.jsonl": lambda path: list(entry.load_lines(path)),
    "refs.p": safe_unpickle.load,
    "masks.json": lambda path: MaskIndex(path).row("0", 1),
    "picture.png": pictures.rgb,
    "labels.png": pictures.labels,
    "video.mp4": Video.open,
    "frame.png": Video.open,
    "prediction.json": Prediction.load,
    "annotation.json": _json,
    "config.json": read_json,
    "weights.pth": read_checkpoint,
    "tokenizer.model": read_pieces,
    "table.csv": lambda path: read_table(str(path)),
    "module.safetensors": lambda path: load_state(path, None, None, ""),
    "part.safetensors": official_weights,
    "answers/1.jsonl": lambda path: Store(path.parents[1]),
}


@pytest.fixture(autouse=True)
def impatient():
    """A reader that waits is stopped by an exception of its own."""

    def stop(number, frame):
        raise AssertionError("it waits")

    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(20)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


@pytest.fixture(params=["pipe", "device", "folder"])
def odd(request):
    def make(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        if request.param == "pipe":
            os.mkfifo(path)
        elif request.param == "device":
            path.symlink_to("/dev/zero")
        else:
            path.mkdir()
        return path

    return make


@pytest.mark.parametrize("name", READERS)
def test_what_is_no_regular_file_is_one_sentence(tmp_path, odd, name):
    with pytest.raises(MomentVOSError) as caught:
        READERS[name](odd(tmp_path / name))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["model.safetensors", "tokenizer.json", "vocab.json", "x.jinja"])
def test_a_model_folder_with_a_pipe_is_not_loaded(tmp_path, odd, name):
    (tmp_path / "config.json").write_text('{"model_type": "momentvos_tgl"}')
    (tmp_path / "tokenizer_config.json").write_text("{}")
    if odd(tmp_path / name).is_dir():
        pytest.skip("folders in a model's folder are no harm")
    for read in (
        check_available,
        check_safe,
        TglModel.from_pretrained,
        lambda folder: obtain("clip", str(folder), lambda source, local: None),
    ):
        with pytest.raises(MomentVOSError, match=f"{name}' is not a regular file"):
            read(tmp_path)


def test_regular_files_are_read_through_links_and_up_to_a_size(tmp_path, odd):
    (tmp_path / "a").write_bytes("ä\r\nb".encode())
    (tmp_path / "link").symlink_to("a")
    assert read_text(tmp_path / "link") == "ä\nb"
    assert read_bytes(tmp_path / "a", 5) == "ä\r\nb".encode()
    with pytest.raises(OSError, match="it is over"):
        read_bytes(tmp_path / "a", 4)
    with pytest.raises(FileNotFoundError):
        open_regular(tmp_path / "none")
    with pytest.raises(OSError, match=r"regular|directory"):
        open_regular(odd(tmp_path / "odd"))
    assert not [one for one in Path("/proc/self/fd").iterdir() if one.resolve().name == "odd"]
