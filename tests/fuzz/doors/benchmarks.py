"""Doors of the benchmarks of 2026 and of answers in one file."""

from __future__ import annotations

from pathlib import Path

from tests.fuzz.door import RLE, Door, frames, put
from tests.fuzz.doors.datasets import data_door, mevis, read_all
from tests.fuzz.files import BINARY, JSON
from tests.fuzz.files import RLE as MASKS
from tests.fuzz.seeds import JSON as JSON_SEEDS


def _longrvos(folder: Path) -> None:
    frames(folder / "valid/JPEGImages/cats")
    frames(folder / "valid/Annotations/cats/1", ("00000", "00002"), "png")
    one = {"exp": "the cat", "obj_id": 1, "type": "static+dynamic"}
    video = {"frames": ["00000", "00001", "00002"], "expressions": {"0": one}}
    put(folder / "valid/meta_expressions.json", {"videos": {"cats": video}})


def _reasonvos(folder: Path) -> None:
    frames(folder / "JPEGImages/cats")
    frames(folder / "Annotations/burst_cats_1", ("00000", "00002"), "png")
    said = [{"exp_id": 3, "exp_text": "What purrs?", "obj_id": 1, "is_sent": True}]
    put(folder / "meta_expressions.json",
        {"videos": {"cats": {"source": "burst", "frames": [], "expressions": said}}})  # fmt: skip


def _saco(folder: Path) -> None:
    frames(folder / "media/saco_sav/JPEGImages_24fps/a", ("00000", "00004"))
    names = ["a/00000.jpg", "a/00004.jpg"]
    video = {"id": 0, "video_name": "a", "file_names": names, "height": 8, "width": 12}
    one = {"video_id": 0, "category_id": 9, "segmentations": [RLE, None], "iscrowd": 0}
    pairs = [{"video_id": 0, "category_id": k, "noun_phrase": "a cat"} for k in (9, 4)]
    put(folder / "saco_veval_sav_test.json",
        {"videos": [video], "annotations": [one], "video_np_pairs": pairs})  # fmt: skip


def _timelens(folder: Path) -> None:
    one = {"duration": 6.0, "spans": [[0, 2.5], [1, 9.0]], "queries": ["A cat.", "A dog."]}
    put(folder / "charades-timelens.json", {"AB": one})


def _hcstvg(folder: Path) -> None:
    one = {"bbox": [[1, 1, 4, 4]] * 3, "st_frame": 2, "img_num": 24, "caption": "The man turns."}
    put(folder / "test.json", {"1_a.mp4": one})


def _vidstg(folder: Path) -> None:
    one = {
        "vid": "77",
        "fps": 4.0,
        "frame_count": 24,
        "used_segment": {"begin_fid": 0, "end_fid": 8},
        "temporal_gt": {"begin_fid": 1, "end_fid": 3},
        "captions": [{"description": "a dog runs.", "target_id": 1}],
        "questions": [],
    }
    put(folder / "annotations/test_annotations.json", [one])
    box = {"tid": 1, "bbox": {"xmin": 1, "ymin": 1, "xmax": 4, "ymax": 6}}
    put(folder / "validation/00/77.json", {"trajectories": [[box]] * 8})


def _boxed(folder: Path) -> None:
    from momentvos.data.formats import vidstg

    read_all("vidstg", "test", folder)
    vidstg._trajectories.cache_clear()
    for sample in vidstg.read(folder):
        sample.boxes()


def _answers(folder: Path) -> None:
    mevis(folder / "data")
    one = {"video": "cats", "expression": "0", "found": True, "moment": [[0, 1]], "presence": 0.9}
    one |= {"masks": [RLE, RLE, None], "relevance": [0.9, 0.8, 0.1], "windows": [[0, 0.3, 1]]}
    one |= {"tracks": [{"score": 0.9, "masks": [RLE]}], "boxes": {"0": [0, 0, 4, 4]}}
    put(folder / "answers.json", [one, one | {"expression": "1"}])


def _scored(folder: Path) -> None:
    from momentvos.evaluation.score_folder import score_predictions

    scoring = score_predictions(folder / "answers.json", "mevis", folder / "data", "valid_u")
    scoring.save(folder / "out/scores")


_VIDOR, _LONG = "validation/00/77.json", "valid/meta_expressions.json"
_VIDSTG = "annotations/test_annotations.json"
DOORS = {
    "long-rvos": data_door(
        "long-rvos", "valid", _longrvos, _LONG,
        others={"valid/Annotations/cats/1/00000.png": BINARY},
    ),
    "reasonvos": data_door("reasonvos", "test", _reasonvos, "meta_expressions.json"),
    "saco": data_door(
        "saco-veval", "sav_test", _saco, others={"saco_veval_sav_test.json": MASKS}
    ),
    "timelens": data_door("charades-timelens", "test", _timelens, "charades-timelens.json"),
    "hc-stvg": data_door("hc-stvg", "test", _hcstvg, "test.json"),
    "vidstg": Door(
        _vidstg, _boxed, {_VIDSTG: JSON, _VIDOR: JSON},
        seeds=lambda: {_VIDSTG: JSON_SEEDS, _VIDOR: JSON_SEEDS},
    ),
    "answers": Door(
        _answers, _scored, {"answers.json": MASKS},
        seeds=lambda: {"answers.json": JSON_SEEDS},
    ),
}  # fmt: skip
