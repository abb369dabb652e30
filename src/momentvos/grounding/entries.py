"""The grounders of this package, as entry points name them."""

from __future__ import annotations

from momentvos.grounding.registry import GrounderEntry

_BUILD = "momentvos.grounding.builders:"
_CHECK = "momentvos.grounding.available:"

MODEL = GrounderEntry(
    "the model's own grounder (TGL's TAM), or that of another one, model=NAME",
    _BUILD + "model",
    "optional",
    words=("published",),
)
ALL = GrounderEntry("every frame", _BUILD + "everything", top_k=False)
UNIFORM = GrounderEntry("k frames, evenly spread", _BUILD + "uniform")
ORACLE = GrounderEntry(
    "annotated moments, oracle=FILE.json", _BUILD + "oracle", "optional", check=_CHECK + "oracle"
)
CLIP = GrounderEntry(
    "CLIP ViT-L/14-336: similarity of frame and sentence",
    _BUILD + "clip",
    "optional",
    threshold=True,
    published="openai/clip-vit-large-patch14-336",
    check=_CHECK + "weights",
)
SIGLIP2 = GrounderEntry(
    "SigLIP 2: the same, as a probability",
    _BUILD + "siglip2",
    "optional",
    threshold=True,
    published="google/siglip2-so400m-patch14-384",
    check=_CHECK + "weights",
)
BLIP2 = GrounderEntry(
    "BLIP-2 ViT-G: image-text matching",
    _BUILD + "blip2",
    "optional",
    threshold=True,
    words=("itm", "itc"),
    published="Salesforce/blip2-itm-vit-g",
    check=_CHECK + "weights",
)
XCLIP = GrounderEntry(
    "X-CLIP: similarity of short windows and sentence",
    _BUILD + "xclip",
    "optional",
    threshold=True,
    published="microsoft/xclip-base-patch32",
    check=_CHECK + "weights",
)
UMT = GrounderEntry(
    "Unmasked Teacher ViT-L, 25 M: the same",
    _BUILD + "umt",
    "required",
    "umt=l16_25m.pth; docs/grounding.md says where the file comes from",
    threshold=True,
    check=_CHECK + "umt",
)
DUAL = GrounderEntry(
    "a small trained dual encoder, dual=FOLDER",
    _BUILD + "dual",
    "required",
    "dual=FOLDER; `momentvos train-grounder recipes/grounding/dual-world.yaml` makes one",
    threshold=True,
    check=_CHECK + "weights",
)
CHRONO = GrounderEntry(
    "moment retrieval by a language model, chrono=FOLDER",
    _BUILD + "chrono",
    "required",
    "chrono=FOLDER; there are no published weights for this use: train it with "
    "`momentvos train-grounder recipes/grounding/chrono-mevis-m.yaml`",
    fallback=True,
    check=_CHECK + "weights",
)


def _chat(
    title: str, published: str = "", source_hint: str = "", check: str = "weights"
) -> GrounderEntry:
    return GrounderEntry(
        title,
        _BUILD + "chat",
        "required" if source_hint else "optional",
        source_hint,
        words=("span", "frames", "percent", "tenths"),
        fallback=True,
        published=published,
        check=_CHECK + check,
    )


QWEN25_VL = _chat("the chat model Qwen2.5-VL", "Qwen/Qwen2.5-VL-7B-Instruct")
QWEN3_VL = _chat("the chat model Qwen3-VL", "Qwen/Qwen3-VL-8B-Instruct")
LLAVA = _chat("the chat model LLaVA", "llava-hf/llava-interleave-qwen-7b-hf")
CHAT = _chat(
    "any chat model with image inputs, chat=FOLDER or chat=http://HOST/v1#MODEL",
    source_hint="chat=FOLDER, chat=OWNER/NAME or chat=http://HOST/v1#MODEL",
    check="chat",
)
