"""Doors of data sets: annotations, and the pictures and videos beside them."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
from tests.fuzz.door import RLE as MASK
from tests.fuzz.door import Door, frames, put
from tests.fuzz.files import BINARY, JSON, PICKLE, RLE, TEXT, Mutators
from tests.fuzz.seeds import JSON as JSON_SEEDS
from tests.fuzz.seeds import PICKLES


def read_all(name: str, split: str, folder: Path) -> None:
    """Check a split deeply, then read the first frame and mask of each sample."""
    from momentvos.data import formats
    from momentvos.data.formats.check import check

    known = formats.dataset(name)
    list(check(known, folder, [split], deep=True))
    for sample in known.open(folder, split):
        if sample.annotated:
            sample.masks([0])
            sample.rle(0)
            sample.ignored([0])
            sample.frames([0])
        assert sample.moment is not None
        json.dumps([sample.video_id, sample.sentence], ensure_ascii=False).encode()


def data_door(
    name: str,
    split: str,
    make: Callable[[Path], None],
    *files: str,
    others: Mapping[str, Mutators] = {},
    warm: Callable[[Path], object] | None = None,
) -> Door:
    def use(folder: Path) -> None:
        read_all(name, split, folder)

    def known() -> dict[str, tuple[bytes, ...]]:
        return dict.fromkeys(files, JSON_SEEDS)

    return Door(make, use, dict.fromkeys(files, JSON) | dict(others), seeds=known, warm=warm)


def mevis(folder: Path) -> None:
    names = ("00000", "00001", "00002")
    frames(folder / "valid_u/JPEGImages/cats", names)
    one = {
        "exp": "the cat",
        "obj_id": [0],
        "anno_id": [4],
        "moments": {"4": [[0, 1]]},
    }
    video = {
        "frames": list(names),
        "expressions": {"0": one, "1": one | {"anno_id": [], "obj_id": [], "moments": {}}},
    }
    put(folder / "valid_u/meta_expressions.json", {"videos": {"cats": video}})
    put(
        folder / "valid_u/mask_dict.json",
        {"4": [MASK, None, {"size": [8, 12], "counts": [0, 8, 88]}]},
    )


def _ytvos(folder: Path) -> None:
    names = ("00000", "00005", "00010")
    frames(folder / "train/JPEGImages/cats", names)
    frames(folder / "train/Annotations/cats", names, "png")
    video = {"frames": list(names), "expressions": {"0": {"exp": "the cat", "obj_id": "1"}}}
    put(folder / "meta_expressions/train/meta_expressions.json", {"videos": {"cats": video}})


def _refsav(folder: Path) -> None:
    one = {
        "video_path": "a/v.mp4",
        "anno_path": "a/v.json",
        "objects": {"0": {"formated": "a cat"}},
    }
    put(folder / "Ref-SAV.json", {"v": one})
    put(folder / "a/v.json", {"masklet": [[MASK], [MASK]]})
    import av

    with av.open(folder / "a/v.mp4", "w") as out:
        stream = out.add_stream("mpeg4", rate=24)
        stream.width, stream.height, stream.pix_fmt = 12, 8, "yuv420p"
        for _ in range(8):
            frame = av.VideoFrame.from_ndarray(np.zeros((8, 12, 3), np.uint8), format="rgb24")
            out.mux(stream.encode(frame))
        out.mux(stream.encode())


def _charades(folder: Path) -> None:
    put(folder / "charades_sta_test.txt", "AB 0.0 3.5##a person sits.\nAB 2 9##a person stands.\n")
    put(folder / "Charades_v1_test.csv", "id,length\nAB,6.0\nCD,7.5\n")


def _activitynet(folder: Path) -> None:
    one = {"duration": 6.0, "timestamps": [[0, 2.5], [1, 9.0]], "sentences": ["A cat.", "A dog."]}
    put(folder / "val_2.json", {"v_1": one})


def _qvhighlights(folder: Path) -> None:
    one = {
        "qid": 1,
        "query": "a cat",
        "vid": "v",
        "duration": 150,
        "relevant_windows": [[0, 10]],
        "relevant_clip_ids": [0, 1],
        "saliency_scores": [[1, 2, 3], [0, 0, 4]],
    }
    put(folder / "highlight_val_release.jsonl", one)


def _reasonseg(folder: Path) -> None:
    shape = {"label": "target", "points": [[1, 1], [9, 1], [9, 6]]}
    put(folder / "val/a.json", {"text": ["the cat"], "is_sentence": True, "shapes": [shape]})
    frames(folder / "val", ("a",))


def _refcoco(folder: Path) -> None:
    ref = {
        "ref_id": 1,
        "ann_id": 2,
        "image_id": 3,
        "split": "val",
        "file_name": "x.jpg",
        "sentences": [{"sent_id": 0, "sent": "the cat"}],
    }
    put(folder / "refcoco/refs(unc).json", [ref])
    put(
        folder / "refcoco/instances.json",
        {
            "annotations": [{"id": 2, "segmentation": [[1, 1, 9, 1, 9, 6]]}],
            "images": [{"id": 3, "height": 8, "width": 12, "file_name": "x.jpg"}],
        },
    )
    frames(folder / "train2014", ("x",))


def _chat(folder: Path) -> None:
    said = [{"from": "human", "value": "<image>\nWhat?"}, {"from": "gpt", "value": "A cat."}]
    put(folder / "chat.json", [{"id": 1, "image": "x.jpg", "conversations": said}])
    frames(folder, ("x",))


def _chatted(folder: Path) -> None:
    from momentvos.data import chat

    for source in chat.read(folder / "chat.json", None):
        if source.path is not None:
            source.frames(range(source.length))


def _annotated(folder: Path) -> None:
    from momentvos.grounding.annotation import Annotations
    from momentvos.media import Video

    video = Video.open(folder.parent / "clip")
    for name in ("single.json", "mevis.json"):
        Annotations(folder / name)(video, ["The  cat"])


def _annotations(folder: Path) -> None:
    frames(folder.parent / "clip")
    put(
        folder / "single.json", {"moments": {"the cat": [[0, 1]], "b": "0:1", "c": {"1": [[0, 0]]}}}
    )
    expressions = {"0": {"exp": "the cat", "moments": {"1": [[0, 1]]}}}
    put(folder / "mevis.json", {"videos": {"clip": {"expressions": expressions}}})


def _davis(folder: Path) -> None:
    put(folder / "DAVIS/ImageSets/2017/val.txt", "cats\n")
    frames(folder / "DAVIS/JPEGImages/480p/cats")
    frames(folder / "DAVIS/Annotations_unsupervised/480p/cats", ("00000", "00001", "00002"), "png")
    for number in (1, 2):
        for end in ("", "_full_video"):
            path = folder / f"davis_text_annotations/Davis17_annot{number}{end}.txt"
            put(path, 'cats 1 "the cat"\n')


def _pickled(folder: Path) -> None:
    import pickle

    _refcoco(folder)
    text = folder / "refcoco/refs(unc).json"
    refs = json.loads(text.read_bytes())
    text.unlink()
    (folder / "refcoco/refs(unc).p").write_bytes(pickle.dumps(refs, 2))


def _imported(_: Path) -> None:
    import av  # noqa: F401

    import momentvos.data.formats.check
    import momentvos.data.formats.refsav  # noqa: F401


_MEVIS = "valid_u/meta_expressions.json"
DOORS = {
    "mevis": data_door("mevis", "valid_u", mevis, _MEVIS, others={"valid_u/mask_dict.json": RLE}),
    "ytvos": data_door(
        "ref-youtube-vos",
        "train",
        _ytvos,
        "meta_expressions/train/meta_expressions.json",
        others=dict.fromkeys(
            ("train/Annotations/cats/00000.png", "train/JPEGImages/cats/00000.jpg"), BINARY
        ),
    ),
    "davis": data_door(
        "ref-davis17",
        "valid",
        _davis,
        others=dict.fromkeys(
            ("DAVIS/ImageSets/2017/val.txt", "davis_text_annotations/Davis17_annot1.txt"), TEXT
        )
        | {"DAVIS/Annotations_unsupervised/480p/cats/00000.png": BINARY},
    ),
    "refsav": data_door(
        "ref-sav", "train", _refsav, "Ref-SAV.json", others={"a/v.json": RLE}, warm=_imported
    ),
    "charades": data_door(
        "charades-sta",
        "test",
        _charades,
        others=dict.fromkeys(("charades_sta_test.txt", "Charades_v1_test.csv"), TEXT),
    ),
    "activitynet": data_door("activitynet-captions", "val_2", _activitynet, "val_2.json"),
    "qvhighlights": data_door("qvhighlights", "val", _qvhighlights, "highlight_val_release.jsonl"),
    "reasonseg": data_door("reasonseg", "val", _reasonseg, "val/a.json"),
    "refcoco": data_door(
        "refcoco", "val", _refcoco, "refcoco/refs(unc).json", "refcoco/instances.json"
    ),
    "refcoco-pickle": Door(
        _pickled,
        lambda folder: read_all("refcoco", "val", folder),
        {"refcoco/refs(unc).p": PICKLE},
        seeds=lambda: {"refcoco/refs(unc).p": PICKLES},
    ),
    "chat": Door(_chat, _chatted, {"chat.json": JSON}, seeds=lambda: {"chat.json": JSON_SEEDS}),
    "annotation": Door(_annotations, _annotated, {"single.json": JSON, "mevis.json": JSON}),
}
