"""The grounders of this package, as entry points name them."""

from __future__ import annotations

from momentvos.grounding.registry import GrounderEntry

_BUILD = "momentvos.grounding.builders:"

MODEL = GrounderEntry("the model's own grounder (TGL's TAM)", _BUILD + "model")
ALL = GrounderEntry("every frame", _BUILD + "everything", top_k=False)
UNIFORM = GrounderEntry("k frames, evenly spread", _BUILD + "uniform")
ORACLE = GrounderEntry("annotated moments, oracle=FILE.json", _BUILD + "oracle", "optional")
CLIP = GrounderEntry(
    "CLIP ViT-L/14-336: similarity of frame and sentence",
    _BUILD + "clip",
    "optional",
    threshold=True,
)
SIGLIP2 = GrounderEntry(
    "SigLIP 2: the same, as a probability", _BUILD + "siglip2", "optional", threshold=True
)
BLIP2 = GrounderEntry(
    "BLIP-2 ViT-G: image-text matching",
    _BUILD + "blip2",
    "optional",
    threshold=True,
    words=("itm", "itc"),
)
XCLIP = GrounderEntry(
    "X-CLIP: similarity of short windows and sentence",
    _BUILD + "xclip",
    "optional",
    threshold=True,
)
UMT = GrounderEntry(
    "Unmasked Teacher ViT-L, 25 M: the same",
    _BUILD + "umt",
    "required",
    "umt=l16_25m.pth; docs/grounding.md says where the file comes from",
    threshold=True,
)
DUAL = GrounderEntry(
    "a small trained dual encoder, dual=FOLDER",
    _BUILD + "dual",
    "required",
    "dual=FOLDER; `momentvos train-grounder recipes/grounding/dual-world.yaml` makes one",
    threshold=True,
)
CHRONO = GrounderEntry(
    "moment retrieval by a language model, chrono=FOLDER",
    _BUILD + "chrono",
    "required",
    "chrono=FOLDER; there are no published weights for this use: train it with "
    "`momentvos train-grounder recipes/grounding/chrono-mevis-m.yaml`",
    fallback=True,
)


def _chat(title: str, source_hint: str = "") -> GrounderEntry:
    return GrounderEntry(
        title,
        _BUILD + "chat",
        "required" if source_hint else "optional",
        source_hint,
        words=("span", "frames", "percent", "tenths"),
        fallback=True,
    )


QWEN25_VL = _chat("the chat model Qwen2.5-VL")
QWEN3_VL = _chat("the chat model Qwen3-VL")
LLAVA = _chat("the chat model LLaVA")
CHAT = _chat("any chat model with image inputs, chat=FOLDER", "chat=FOLDER or chat=OWNER/NAME")
