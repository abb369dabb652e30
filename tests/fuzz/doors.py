"""Doors of the program: files that a user may have from others, and what is done with them."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

RLE = {"size": [8, 12], "counts": "08h2"}
"""The first column, as COCO writes it."""


@dataclass(frozen=True)
class Door:
    """make: writes sound files into a folder. use: reads them. files: those that are mutated.

    A file of `plain` is mutated as bytes alone.
    """

    make: Callable[[Path], None]
    use: Callable[[Path], object]
    files: tuple[str, ...]
    plain: tuple[str, ...] = ()
    seconds: int = 10


def put(path: Path, value: Any) -> None:
    """Write a text, or anything else as JSON."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(value if isinstance(value, str) else json.dumps(value), "utf-8")


def frames(
    folder: Path, names: tuple[str, ...] = ("00000", "00001", "00002"), suffix: str = "jpg"
) -> None:
    """Pictures of 12 x 8 pixels; a palette's numbers where they are PNG."""
    from PIL import Image

    folder.mkdir(parents=True, exist_ok=True)
    for number, name in enumerate(names):
        if suffix == "png":
            picture = Image.fromarray(np.full((8, 12), number % 2, np.uint8))
            picture.putpalette([0, 0, 0, 255, 0, 0])
        else:
            picture = Image.new("RGB", (12, 8), (40 * number, 0, 0))
        picture.save(folder / f"{name}.{suffix}")


# Models ---------------------------------------------------------------------------------------


def _bundled(name: str) -> Callable[[Path], None]:
    def make(folder: Path) -> None:
        from momentvos.systems.pretrained import locate

        shutil.copytree(locate(name), folder, dirs_exist_ok=True)
        frames(folder.parent / "clip")

    return make


def _asked(folder: Path) -> None:
    import momentvos
    from momentvos.media import Video

    model = momentvos.load(folder, device="cpu")
    video = Video.open(folder.parent / "clip")
    for moment in (None, "0:1"):
        answer = model.segment(video, "the red square", moment=moment)
    answer.save(folder / "out", video=video)
    if model.can_ground:
        model.ground(video, "the red square")


def _grounder(make: Callable[[Path], None], spec: str, *files: str) -> Door:
    def use(folder: Path) -> None:
        from momentvos.grounding import build
        from momentvos.media import Video

        video = Video.open(folder.parent / "clip")
        build(spec.format(folder), "cpu").ground(video, ["the dog that jumps"])

    return Door(make, use, files, ("model.safetensors",))


def _dual(folder: Path) -> None:
    from momentvos.data.world import WORDS
    from momentvos.grounding.dual.model import DualConfig, DualEncoder
    from momentvos.text import train_tokenizer

    frames(folder.parent / "clip")
    words = train_tokenizer(WORDS(), 1024, 32)
    sizes = {"side": 16, "channels": 8, "blocks": 1, "dimension": 8, "layers": 1, "heads": 2}
    model = DualEncoder(DualConfig(vocab_size=len(words), positions=32, **sizes))
    model.tokenizer = words
    model.save_pretrained(folder)


TOWER = {
    "hidden_size": 16,
    "intermediate_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
}


def _clip(folder: Path) -> None:
    from transformers import CLIPConfig, CLIPModel
    from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil

    from momentvos.text import train_tokenizer

    frames(folder.parent / "clip")
    words = train_tokenizer(["the dog that jumps"], 400, 32)
    ids = {"vocab_size": len(words), "bos_token_id": 0, "pad_token_id": 1, "eos_token_id": 2}
    text = TOWER | ids | {"max_position_embeddings": 32}
    vision = TOWER | {"image_size": 32, "patch_size": 16}
    CLIPModel(
        CLIPConfig(text_config=text, vision_config=vision, projection_dim=12)
    ).save_pretrained(folder)
    words.save_pretrained(folder)
    square = {"height": 32, "width": 32}
    CLIPImageProcessorPil(size={"shortest_edge": 32}, crop_size=square).save_pretrained(folder)


def _chrono(folder: Path) -> None:
    from momentvos.data.world import world_samples
    from momentvos.grounding.chrono.small import small_chrono

    frames(folder.parent / "clip")
    known = list(world_samples("train", 2, 0, 32))
    sizes = {"side": 32, "width": 32, "layers": 1, "queries": 2}
    small_chrono(known, "seconds", 8, seed=0, **sizes).save_pretrained(folder)


# Data sets ------------------------------------------------------------------------------------


def _data(
    name: str, split: str, make: Callable[[Path], None], *files: str, plain: tuple[str, ...] = ()
) -> Door:
    def use(folder: Path) -> None:
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

    return Door(make, use, files, plain)


def _mevis(folder: Path) -> None:
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
        {"4": [RLE, None, {"size": [8, 12], "counts": [0, 8, 88]}]},
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
    put(folder / "a/v.json", {"masklet": [[RLE], [RLE]]})
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


# Results --------------------------------------------------------------------------------------


def _prediction(folder: Path) -> None:
    _mevis(folder / "data")
    facts = {"path": "clip", "width": 12, "height": 8, "fps": 6.0, "length": 3, "duration": 0.5}
    answer = {
        "schema": 2,
        "video": facts,
        "sentence": "the cat",
        "model": "m",
        "method": "TGL",
        "domain": None,
        "found": True,
        "presence": 0.9,
        "moment": [[0, 1]],
        "seconds": [[0.0, 0.33]],
        "relevance": [0.9, 0.8, 0.1],
        "scores": [0.9, 0.9, 0.0],
        "masks": [RLE, RLE, None],
        "notes": ["a note"],
    }
    put(folder / "answers/cats/0/prediction.json", answer)
    put(folder / "answers/cats/1/prediction.json", answer)


def _scored(folder: Path) -> None:
    from momentvos.evaluation.score_folder import score_predictions
    from momentvos.results.prediction import Prediction

    path = folder / "answers/cats/0"
    score_predictions(folder / "answers", "mevis", folder / "data", "valid_u").save(
        folder / "scores"
    )
    answer = Prediction.load(path)
    answer.save(folder / "again")


# Training -------------------------------------------------------------------------------------

STAGE = {
    "name": "s",
    "steps": 1,
    "accumulate": 1,
    "objective": "clip",
    "data": {
        "source": "world",
        "size": 192,
        "videos": 1,
        "expressions": 1,
        "pool": 2,
        "kinds": {"name": 1.0},
    },
    "clip": {"sampler": "window", "frames": 2, "stride": 1},
    "losses": {"dice": 1.0, "focal": 1.0, "relevance": 0.1},
    "optimiser": {
        "lr": 1e-4,
        "warmup": 0.1,
        "betas": [0.9, 0.99],
        "clip": 1.0,
        "schedule": "cosine",
    },
}
RECIPE = {
    "model": {"path": "tgl-mini", "overrides": {"memory": "all", "selection": {"margin": 0.5}}},
    "stages": [STAGE],
    "seed": 0,
    "precision": "fp32",
    "ema": 0.5,
    "checkpoint": 1,
    "validation": {"every": 0, "videos": 1, "seed": 0, "split": "val", "size": 192},
    "logging": {"every": 1, "tensorboard": False},
}
GROUNDING = {
    "kind": "dual",
    "seed": 0,
    "data": {"name": "world", "videos": 2, "side": 16},
    "dual": {
        "side": 16,
        "channels": 8,
        "blocks": 1,
        "dimension": 8,
        "layers": 1,
        "heads": 2,
        "window": 4,
    },
    "fit": {"steps": 1, "items": 1, "lr": 1e-3, "save": 1, "warmup": 1},
}


def _recipe(name: str) -> Callable[[Path], None]:
    def make(folder: Path) -> None:
        put(folder / name, RECIPE)

    return make


def _trained(name: str) -> Callable[[Path], None]:
    def use(folder: Path) -> None:
        from momentvos.training import build
        from momentvos.training.loop import train
        from momentvos.training.recipe import load

        plan = load(folder / name)
        sources = build.sources(plan)
        for stage in plan.stages:
            sources(stage)
        model = build.model(plan.model, plan.seed)
        build.validator(plan.validation)
        train(plan, model, folder / "run", sources, limit=1)

    return use


def _ground_recipe(folder: Path) -> None:
    put(folder / "dual.yaml", GROUNDING)


def _ground_trained(folder: Path) -> None:
    from momentvos.grounding.fit import fit
    from momentvos.grounding.recipe import GrounderRecipe, training_task
    from momentvos.training.recipe import read

    recipe = read(folder / "dual.yaml", GrounderRecipe)
    fit(training_task(recipe, "cpu"), recipe.fit, folder / "run")


def _ablation(folder: Path) -> None:
    put(folder / "mini.yaml", RECIPE)
    rows = [
        {"name": "a", "set": {"model.overrides.memory": "all"}},
        {"name": "b", "model": "tgl-mini", "config": {"gate": False}},
    ]
    table = {
        "title": "T",
        "recipe": "mini.yaml",
        "seeds": [0],
        "rows": rows,
        "evaluation": {"videos": 1, "size": 192, "metrics": ["jf"]},
    }
    put(folder / "table.yaml", table)


def _ablated(folder: Path) -> None:
    from momentvos.training.ablation import load
    from momentvos.training.rows import Work, _model, works

    table = load(folder / "table.yaml")
    for work in works(table, folder / "table.yaml", folder / "out"):
        if isinstance(work, Work) and work.row.model:
            _model(work.row.model, work)


def _checkpoint(folder: Path) -> None:
    _recipe("r.json")(folder)
    _trained("r.json")(folder)


def _resumed(folder: Path) -> None:
    _trained("r.json")(folder)


# Conversion -----------------------------------------------------------------------------------


def _pieces(folder: Path) -> None:
    def field(number: int, value: bytes | int) -> bytes:
        if isinstance(value, int):
            return bytes([number << 3, value])
        return bytes([number << 3 | 2, len(value)]) + value

    words = [("<unk>", 2), ("<s>", 3), ("</s>", 3), ("\u2581", 1), ("a", 1), ("\u2581a", 1)]
    body = b"".join(field(1, field(1, text.encode()) + field(3, kind)) for text, kind in words)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "tokenizer.model").write_bytes(body + field(2, field(3, 2)))


def _read_pieces(folder: Path) -> None:
    from momentvos.convert.sentencepiece import llama_tokenizer

    llama_tokenizer(folder / "tokenizer.model")("a a")


def _index(folder: Path) -> None:
    import torch
    from safetensors.torch import save_file

    folder.mkdir(parents=True, exist_ok=True)
    for k in (1, 2):
        save_file({f"w{k}": torch.zeros(2)}, folder / f"model-0000{k}-of-00002.safetensors")
    listed = {f"w{k}": f"model-0000{k}-of-00002.safetensors" for k in (1, 2)}
    put(folder / "model.safetensors.index.json", {"metadata": {}, "weight_map": listed})
    put(folder / "config.json", {"model_type": "llama", "hidden_size": 4})


def _read_index(folder: Path) -> None:
    from momentvos.convert.folder import read_json, weights

    weights(folder)
    read_json(folder / "config.json")


MODEL = ("config.json", "config.json", "tokenizer.json", "tokenizer_config.json")
WEIGHTS = ("model.safetensors",)
DOORS: dict[str, Door] = {
    **{
        name: Door(_bundled(f"{name}-mini"), _asked, MODEL, WEIGHTS)
        for name in ("tgl", "momentseg", "vrshq")
    },
    "dual": _grounder(_dual, "dual={}", *MODEL),
    "clip": _grounder(_clip, "clip={}", *MODEL, "preprocessor_config.json"),
    "chrono": _grounder(
        _chrono, "chrono={}~or-all", *MODEL, "generation_config.json", "preprocessor_config.json"
    ),
    "mevis": _data(
        "mevis", "valid_u", _mevis, "valid_u/meta_expressions.json", "valid_u/mask_dict.json"
    ),
    "ytvos": _data(
        "ref-youtube-vos",
        "train",
        _ytvos,
        "meta_expressions/train/meta_expressions.json",
        plain=("train/Annotations/cats/00000.png", "train/JPEGImages/cats/00000.jpg"),
    ),
    "refsav": _data("ref-sav", "train", _refsav, "Ref-SAV.json", "a/v.json"),
    "charades": _data(
        "charades-sta", "test", _charades, plain=("charades_sta_test.txt", "Charades_v1_test.csv")
    ),
    "activitynet": _data("activitynet-captions", "val_2", _activitynet, "val_2.json"),
    "qvhighlights": _data("qvhighlights", "val", _qvhighlights, "highlight_val_release.jsonl"),
    "reasonseg": _data("reasonseg", "val", _reasonseg, "val/a.json"),
    "refcoco": _data(
        "refcoco", "val", _refcoco, "refcoco/refs(unc).json", "refcoco/instances.json"
    ),
    "chat": Door(_chat, _chatted, ("chat.json",)),
    "annotation": Door(_annotations, _annotated, ("single.json", "mevis.json")),
    "prediction": Door(_prediction, _scored, ("answers/cats/0/prediction.json",)),
    "recipe-yaml": Door(_recipe("r.yaml"), _trained("r.yaml"), ("r.yaml",), seconds=30),
    "recipe-json": Door(_recipe("r.json"), _trained("r.json"), ("r.json",), seconds=30),
    "grounder-recipe": Door(_ground_recipe, _ground_trained, ("dual.yaml",)),
    "ablation": Door(_ablation, _ablated, ("table.yaml",)),
    "checkpoint": Door(
        _checkpoint,
        _resumed,
        ("run/last/training.json",),
        ("run/last/training.safetensors",),
        seconds=30,
    ),
    "sentencepiece": Door(_pieces, _read_pieces, (), ("tokenizer.model",)),
    "index": Door(
        _index,
        _read_index,
        ("model.safetensors.index.json", "config.json"),
        ("model-00001-of-00002.safetensors",),
    ),
}
