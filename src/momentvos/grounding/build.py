"""From a spec to grounders, with their weights loaded."""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce
from typing import TYPE_CHECKING

from momentvos.errors import ModelError
from momentvos.grounding.fixed_spans import Everything, Oracle, Told, Truth, Uniform
from momentvos.grounding.hybrid import Hybrid
from momentvos.grounding.protocol import Grounder
from momentvos.grounding.select import TOP_K
from momentvos.grounding.spec import CHATS, THRESHOLD_OK, Part, Spec, parse

if TYPE_CHECKING:
    from momentvos.grounding.failure import Fallback

DUAL_THRESHOLD = 0.5


def build(
    spec: str | Spec,
    device: str = "auto",
    model: Callable[[], Grounder] | None = None,
    truth: Truth | None = None,
) -> Grounder:
    """The grounder of a spec; several parts choose inside each other.

    Args:
        spec: see docs/grounding.md.
        device: `auto`, `cpu`, `cuda`, ...
        model: what makes the grounder "model"; without it that name is refused.
        truth: what "oracle" says where it names no file of its own.

    Raises:
        ModelError: the spec is malformed, or weights cannot be had.
        DataError: the oracle's file is no annotation.
        DeviceError: the device is not there.
    """
    parts = parse(spec) if isinstance(spec, str) else spec
    return reduce(Hybrid, (_one(part, device, model, truth) for part in parts))


def _one(
    part: Part, device: str, model: Callable[[], Grounder] | None, truth: Truth | None
) -> Grounder:
    k = part.k or TOP_K
    if part.name == "told":
        return Told(part.source or "", k)
    if part.name == "all":
        return Everything(k=k)
    if part.name == "uniform":
        return Uniform(k)
    if part.name == "model":
        if model is None:
            raise ModelError("The grounder 'model' needs a model beside it; name another one.")
        return model()
    if part.name == "oracle":
        known = truth if truth is not None and part.source is None else _annotated(part)
        return Oracle(known, str(part), k)
    if part.name in THRESHOLD_OK:
        return _similar(part, device)
    if part.name == "chrono":
        from momentvos.grounding.chrono.grounder import ChronoGrounder, load

        return ChronoGrounder(str(part), load(part.source or "", device), k, _fallback(part))
    assert part.name in CHATS
    return _chat(part, device)


def _annotated(part: Part) -> Truth:
    from momentvos.grounding.annotation import Annotations

    if part.source is None:
        raise ModelError("The grounder 'oracle' needs its annotated moments: oracle=FILE.json.")
    return Annotations(part.source)


def _similar(part: Part, device: str) -> Grounder:
    from momentvos.grounding.similarity import Scorer, Similarity

    scorer: Scorer
    threshold = part.threshold
    if part.name in ("clip", "siglip2"):
        from momentvos.grounding import encoders

        default = encoders.CLIP if part.name == "clip" else encoders.SIGLIP2
        scorer = encoders.load(part.name, part.source or default, device)
    elif part.name == "blip2":
        from momentvos.grounding import blip2

        head: blip2.Head = "itc" if "itc" in part.words else "itm"
        scorer = blip2.load(part.source or blip2.BLIP2, device, head)
    elif part.name == "xclip":
        from momentvos.grounding import xclip

        scorer = xclip.load(part.source or xclip.XCLIP, device)
    elif part.name == "umt":
        from momentvos.grounding.umt import scorer as umt

        scorer = umt.load(part.source or "", device)
    else:
        from momentvos.grounding.dual import scorer as dual

        scorer = dual.load(part.source or "", device)
        threshold = DUAL_THRESHOLD if threshold is None and part.k is None else threshold
    return Similarity(str(part), scorer, part.k or TOP_K, threshold)


def _chat(part: Part, device: str) -> Grounder:
    from momentvos.grounding.chat.grounder import ChatGrounder
    from momentvos.grounding.chat.question import FORMS, Form
    from momentvos.grounding.chat.speaker import PUBLISHED, load

    form: Form = next((form for form in FORMS if form in part.words), "span")
    speaker = load(part.name, part.source or PUBLISHED[part.name], device)
    return ChatGrounder(str(part), speaker, form, part.k or TOP_K, _fallback(part))


def _fallback(part: Part) -> Fallback | None:
    """What is taken for an answer that cannot be read: None for an error."""
    if "or-all" in part.words:
        return "all"
    return "none" if "or-none" in part.words else None
