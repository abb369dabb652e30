"""Doors of model folders: the bundled systems."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.fuzz import seeds
from tests.fuzz.door import Door, frames
from tests.fuzz.files import JSON, SAFETENSORS


def _bundled(name: str) -> Callable[[Path], None]:
    def make(folder: Path) -> None:
        from momentvos.systems.pretrained import locate

        shutil.copytree(locate(name), folder, dirs_exist_ok=True)
        frames(folder.parent / "clip")

    return make


def _asked(folder: Path) -> Any:
    import momentvos
    from momentvos.media import Video

    model = momentvos.load(folder, device="cpu")
    video = Video.open(folder.parent / "clip")
    for moment in (None, "0:1"):
        answer = model.segment(video, "the red square", moment=moment)
    if model.can_ground:
        model.ground(video, "the red square")
    return answer, video


def _saved(folder: Path) -> None:
    answer, video = _asked(folder)
    answer.save(folder / "out/answer", video=video)


def _known() -> dict[str, tuple[bytes, ...]]:
    from momentvos.systems.pretrained import locate

    files = ("config.json", "tokenizer.json", "tokenizer_config.json")
    known = dict.fromkeys(files, seeds.JSON) | {"model.safetensors": seeds.weights()}
    sound = (Path(locate("tgl-mini")) / "tokenizer.json").read_bytes()
    return known | {"tokenizer.json": seeds.JSON + seeds.tokenizers(sound)}


MODEL = {
    "config.json": JSON * 2,
    "tokenizer.json": JSON,
    "tokenizer_config.json": JSON,
    "model.safetensors": SAFETENSORS,
}
DOORS = {
    name: Door(_bundled(f"{name}-mini"), _saved, MODEL, seeds=_known, warm=_asked)
    for name in ("tgl", "momentseg", "vrshq")
}
