"""The parts of a tracks system: kinds of each role, and loading them by id."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from momentvos.errors import ModelError
from momentvos.grounding import weights
from momentvos.home import pulled_part
from momentvos.http_client import words_of
from momentvos.reachable import is_hub_id
from momentvos.systems.tracks.words import RuleReader, WordReader

if TYPE_CHECKING:
    from transformers import Sam2VideoModel

    from momentvos.systems.tracks.asking import Chat
    from momentvos.systems.tracks.config import TracksConfig
    from momentvos.systems.tracks.detectors import Detector
    from momentvos.systems.tracks.selectors import SelectorPart

T = TypeVar("T")
Options = dict[str, Any]


@dataclass(frozen=True)
class Parts:
    """What plays each role."""

    words: WordReader
    detector: Detector
    sam: Sam2VideoModel
    selector: SelectorPart


@dataclass(frozen=True)
class Kind:
    """A kind of part.

    load: makes it of its options; options: the names of those that it takes.
    """

    load: Callable[[Options], Any]
    options: frozenset[str]


def load(config: TracksConfig) -> Parts:
    """The parts of a configuration, with their weights.

    Raises ModelError for a kind or an option that is not known, and for weights that cannot be had.
    """
    with weights.quiet():
        selector = _part("selector", config.selector)
        words = {**config.words}
        if words.get("kind") == "chat" and "model" not in words:
            words["beside"] = selector  # the model that is there already
        return Parts(
            _part("words", words),
            _part("detector", config.detector),
            _part("tracker", config.tracker),
            selector,
        )


def locate(model: str, revision: str | None) -> str:
    """Where the weights of an id are: what `momentvos pull` has put there, else the id itself."""
    folder = pulled_part(model, revision)
    if folder is not None:
        return str(folder)
    if not Path(model).is_dir() and not is_hub_id(model):
        raise ModelError(f"There is no folder '{model}' for a part of the model.")
    return model


def _part(role: str, given: Mapping[str, Any] | None) -> Any:
    if given is None:
        raise ModelError(f"The model's configuration names no {role}.")
    options = dict(given)
    name = options.pop("kind")
    kinds = KINDS[role]
    if name not in kinds:
        raise ModelError(f"There is no {role} '{name}'; known are {', '.join(kinds)}.")
    known = kinds[name].options | {"beside"}
    if unknown := sorted(options.keys() - known):
        raise ModelError(f"The {role} '{name}' has no option '{unknown[0]}'.")
    try:
        return kinds[name].load(options)
    except ModelError:
        raise
    except (TypeError, ValueError) as error:
        raise ModelError(f"The {role} '{name}' cannot be made: {words_of(error)}") from error


def _weights(options: Options, load: Callable[[str, bool], T]) -> T:
    """The weights that options name, see `momentvos.grounding.weights.read`.

    Takes `model` and `revision` out of the options.
    """
    model, revision = str(options.pop("model", "")), options.pop("revision", None)
    if not model:
        raise ModelError("A part of the model names no weights: give it a 'model'.")
    source = locate(model, revision)
    if revision is not None and not Path(source).is_dir():
        source = _at_revision(source, str(revision))
    absent = (
        f"The weights '{model}' are not on this machine and cannot be fetched: connect to the "
        "internet once, or run `momentvos pull` for a model that holds them."
    )
    return weights.read(source, load, f"'{source}' cannot be used", absent)


def _at_revision(model: str, revision: str) -> str:
    """The hub's snapshot of a revision, fetched unless it is in its cache."""
    from huggingface_hub import snapshot_download

    wanted = ["*.json", "*.safetensors", "*.txt"]
    for local in (True, False):
        try:
            place = snapshot_download(
                model, revision=revision, allow_patterns=wanted, local_files_only=local
            )
            return str(place)
        except Exception as error:
            if not local:
                raise ModelError(
                    f"The weights '{model}' at '{revision}' are not on this machine and cannot be "
                    "fetched."
                ) from error
    raise AssertionError


def _rules(options: Options) -> WordReader:
    return RuleReader()


def _detector(options: Options, types: tuple[str, ...], kind: Any, threshold: float) -> Detector:
    least = float(options.pop("box_threshold", threshold))

    def read(source: str, local: bool) -> Detector:
        from transformers import AutoModelForZeroShotObjectDetection as Auto

        model = weights.model(Auto, source, local, types)
        images, words = weights.images(source, local), weights.tokenizer(source, local)
        made: Detector = kind(model, images, words, least)
        return made

    return _weights(options, read)


def _grounding_dino(options: Options) -> Detector:
    from momentvos.systems.tracks.detectors.zero_shot import GroundingDino

    return _detector(options, ("grounding-dino", "mm-grounding-dino"), GroundingDino, 0.35)


def _owlv2(options: Options) -> Detector:
    from momentvos.systems.tracks.detectors.zero_shot import Owlv2

    return _detector(options, ("owlv2",), Owlv2, 0.2)


def _sam2(options: Options) -> Sam2VideoModel:
    size = options.get("image_size")

    def read(source: str, local: bool) -> Sam2VideoModel:
        from transformers import AutoConfig, Sam2VideoModel

        from momentvos.sam2.sizes import at_size

        config = AutoConfig.from_pretrained(source, local_files_only=local)
        if size is not None:
            if int(size) % 64:
                raise ModelError(f"SAM2's pictures are a multiple of 64 pixels, not {size}.")
            config = at_size(config, int(size))
        made: Sam2VideoModel = weights.model(
            Sam2VideoModel, source, local, ("sam2_video",), config=config
        )
        return made

    return _weights(options, read)


def _similarity(options: Options) -> SelectorPart:
    from momentvos.systems.tracks.selectors.similarity import SimilarityPart

    def read(source: str, local: bool) -> SelectorPart:
        from transformers import AutoConfig, AutoModel

        from momentvos.grounding.encoders import TwoTower
        from momentvos.grounding.xclip import WindowTower

        kind = AutoConfig.from_pretrained(source, local_files_only=local).model_type
        model = weights.model(AutoModel, source, local, ("clip", "siglip2", "siglip", "xclip"))
        images, words = weights.images(source, local), weights.tokenizer(source, local)
        tower = WindowTower if kind == "xclip" else TwoTower
        return SimilarityPart(tower(model, images, words))

    return _weights(options, read)


def _chat(options: Options) -> Chat:
    """An endpoint where the options name one, else a model on this machine."""
    if url := options.get("endpoint"):
        from momentvos.mllm.endpoint import Endpoint

        given = {name: options[name] for name in ENDPOINT & options.keys() - {"endpoint"}}
        return Endpoint(url, **given)
    from momentvos.systems.tracks.local_chat import LocalChat

    if not options.get("model"):
        raise ModelError("A chat model names no weights: give it a 'model' or an 'endpoint'.")
    return LocalChat(locate(str(options["model"]), options.get("revision")))


def _chat_selector(options: Options) -> SelectorPart:
    from momentvos.systems.tracks.selectors.chat import ChatPart

    seconds = float(options.pop("window_seconds", 1.0))
    return ChatPart(_chat(options), seconds)


def _chat_words(options: Options) -> WordReader:
    from momentvos.systems.tracks.chat_words import ChatReader

    beside = getattr(options.get("beside"), "chat", None)
    return ChatReader(beside or _chat(options))


def _trained(options: Options) -> SelectorPart:
    from momentvos.systems.pretrained import load_pretrained
    from momentvos.systems.tracks.selectors.trained import TrainedPart

    model = load_pretrained(options.pop("model", "tgl-mini"))
    if model.selector is None:
        raise ModelError(f"'{model.name}' has no trained selector.")
    return TrainedPart(model)


ENDPOINT = frozenset({"endpoint", "model", "key", "temperature", "seconds", "most_tokens"})
"""Options of a chat model behind an endpoint, see `momentvos.mllm.endpoint.Endpoint`."""
KINDS: dict[str, dict[str, Kind]] = {
    "words": {
        "rules": Kind(_rules, frozenset()),
        "chat": Kind(_chat_words, ENDPOINT | {"revision"}),
    },
    "detector": {
        "grounding-dino": Kind(_grounding_dino, frozenset({"model", "revision", "box_threshold"})),
        "owlv2": Kind(_owlv2, frozenset({"model", "revision", "box_threshold"})),
    },
    "tracker": {"sam2": Kind(_sam2, frozenset({"model", "revision", "image_size", "single_mask"}))},
    "selector": {
        "similarity": Kind(_similarity, frozenset({"model", "revision"})),
        "chat": Kind(_chat_selector, ENDPOINT | {"revision", "window_seconds"}),
        "trained": Kind(_trained, frozenset({"model"})),
    },
}
"""By role, its kinds."""
