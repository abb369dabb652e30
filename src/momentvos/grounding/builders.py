"""Build functions of this package's grounders, which load their weights."""

from __future__ import annotations

from typing import TYPE_CHECKING

from momentvos.errors import ModelError
from momentvos.grounding.fixed_spans import Everything, Oracle, Uniform
from momentvos.grounding.registry import grounders
from momentvos.grounding.select import TOP_K
from momentvos.grounding.top_frames import TopFrames

if TYPE_CHECKING:
    from momentvos.grounding.context import Context
    from momentvos.grounding.failure import Fallback
    from momentvos.grounding.part import Part
    from momentvos.grounding.protocol import Grounder
    from momentvos.grounding.similarity import Scorer

DUAL_THRESHOLD = 0.5


def everything(part: Part, context: Context) -> Grounder:
    """Every frame."""
    return Everything()


def uniform(part: Part, context: Context) -> Grounder:
    """k frames at equal distances."""
    return Uniform(part.k or TOP_K)


def model(part: Part, context: Context) -> Grounder:
    """The grounder of the model that is named, or the one beside it. Raises ModelError without."""
    if context.model is None:
        raise ModelError("The grounder 'model' needs a model beside it; name another one.")
    own = context.model(part)
    return own if part.k is None else TopFrames(own, part.k)


def oracle(part: Part, context: Context) -> Grounder:
    """Annotated moments, of a file or of the data set. Raises ModelError without any."""
    if part.source is None:
        if context.truth is None:
            raise ModelError("The grounder 'oracle' needs its annotated moments: oracle=FILE.json.")
        return Oracle(context.truth, str(part), part.k or TOP_K)
    from momentvos.grounding.annotation import Annotations

    return Oracle(Annotations(part.source), str(part), part.k or TOP_K)


def clip(part: Part, context: Context) -> Grounder:
    """CLIP's similarity of frame and sentence."""
    from momentvos.grounding import encoders

    return _similarity(part, encoders.load("clip", _source(part), context.device))


def siglip2(part: Part, context: Context) -> Grounder:
    """SigLIP's probability that frame and sentence match."""
    from momentvos.grounding import encoders

    return _similarity(part, encoders.load("siglip2", _source(part), context.device))


def blip2(part: Part, context: Context) -> Grounder:
    """BLIP-2's image-text matching, or its image-text contrast (``~itc``)."""
    from momentvos.grounding import blip2

    head: blip2.Head = "itc" if "itc" in part.words else "itm"
    return _similarity(part, blip2.load(_source(part), context.device, head))


def xclip(part: Part, context: Context) -> Grounder:
    """X-CLIP's similarity of window and sentence."""
    from momentvos.grounding import xclip

    return _similarity(part, xclip.load(_source(part), context.device))


def umt(part: Part, context: Context) -> Grounder:
    """Unmasked Teacher's similarity of window and sentence."""
    from momentvos.grounding.umt import scorer

    return _similarity(part, scorer.load(_source(part), context.device))


def dual(part: Part, context: Context) -> Grounder:
    """A trained dual encoder; chooses by a threshold by default."""
    from momentvos.grounding.dual import scorer

    threshold = part.threshold
    if threshold is None and part.k is None:
        threshold = DUAL_THRESHOLD
    return _similarity(part, scorer.load(_source(part), context.device), threshold)


def chrono(part: Part, context: Context) -> Grounder:
    """A trained Chrono."""
    from momentvos.grounding.chrono.grounder import ChronoGrounder, load

    model = load(_source(part), context.device)
    return ChronoGrounder(str(part), model, part.k or TOP_K, _fallback(part))


def chat(part: Part, context: Context) -> Grounder:
    """A chat model with one of four forms of question, on this machine or behind an endpoint.

    An endpoint's answer that cannot be read counts as every frame, unless the part says otherwise.
    """
    from momentvos.grounding.chat.grounder import ChatGrounder
    from momentvos.grounding.chat.question import FORMS, Form
    from momentvos.mllm.endpoint import Endpoint, is_address

    form: Form = next((form for form in FORMS if form in part.words), "span")
    name, k, fallback = str(part), part.k or TOP_K, _fallback(part)
    if is_address(_source(part)):
        endpoint = Endpoint.at(_source(part))
        return ChatGrounder(name, endpoint, form, k, fallback or "all", remote=endpoint.note)
    from momentvos.grounding.chat.chat_model import load

    model = load(part.name, _source(part), context.device)
    return ChatGrounder(name, model, form, k, fallback)


def _source(part: Part) -> str:
    return part.source or grounders()[part.name].published


def _similarity(part: Part, scorer: Scorer, threshold: float | None = None) -> Grounder:
    from momentvos.grounding.similarity import Similarity

    wanted = part.threshold if threshold is None else threshold
    return Similarity(str(part), scorer, part.k or TOP_K, wanted)


def _fallback(part: Part) -> Fallback | None:
    """What replaces an unreadable answer; None for an error."""
    if "or-all" in part.words:
        return "all"
    return "none" if "or-none" in part.words else None
