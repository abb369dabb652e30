"""Checks of what a grounder needs, before anything heavy is imported."""

from __future__ import annotations

from pathlib import Path

from momentvos.errors import ModelError
from momentvos.grounding.annotation import Annotations
from momentvos.grounding.part import FIXED, Part, Spec
from momentvos.grounding.registry import grounders
from momentvos.home import pulled_part
from momentvos.pickles.checkpoint import check_checkpoint
from momentvos.reachable import check_hub, is_cached, is_hub_id

UMT_CLASSES = ("utils.easydict.EasyDict",)
"""What official files of Unmasked Teacher hold beside weights: their settings."""


def check(spec: Spec) -> None:
    """Raise ModelError or DataError where a grounder of the spec cannot be had."""
    for part in spec:
        if part.name != FIXED:
            grounders()[part.name].check_part(part)


def weights(part: Part) -> None:
    """A folder, or a model of the hub in its cache or within reach."""
    source = part.source or grounders()[part.name].published
    if not Path(source).exists() and pulled_part(source) is None:
        check_named(part.name, source)
        if not is_cached(source):
            check_hub(source, advice(part.name, source))


def chat(part: Part) -> None:
    """A chat model's weights, or an endpoint with a model's name."""
    from momentvos.mllm.endpoint import Endpoint, is_address

    if is_address(part.source or ""):
        Endpoint.at(part.source or "")
    else:
        weights(part)


def umt(part: Part) -> None:
    """A file of weights with nothing in it that could run."""
    path = Path(part.source or "")
    if not path.is_file():
        raise ModelError(
            f"There is no file '{path}' for the grounder 'umt': fetch l16_25m.pth, see "
            "docs/grounding.md, and give umt=FILE."
        )
    check_checkpoint(path, UMT_CLASSES)


def oracle(part: Part) -> None:
    """A file of annotated moments; without one, the data set has them."""
    if part.source is not None:
        Annotations(part.source)


def check_named(name: str, source: str) -> None:
    """Raise ModelError where a source of weights is neither a folder nor written like a hub id."""
    if not Path(source).exists() and not is_hub_id(source):
        raise ModelError(
            f"There is no folder '{source}' for the grounder '{name}': give {name}=FOLDER or "
            f"{name}=OWNER/NAME, an id on the Hugging Face hub."
        )


def advice(name: str, source: str) -> str:
    """How to get weights that are neither here nor within reach."""
    return (
        f"The grounder '{name}' needs the weights '{source}', which are not on this machine and "
        "cannot be fetched: connect to the internet once, or fetch them elsewhere "
        f"(`hf download {source} --local-dir FOLDER`) and give {name}=FOLDER."
    )
