"""The parts of a tracks system: kinds of each role, and loading them by id."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

from momentvos.errors import ModelError
from momentvos.grounding import weights
from momentvos.home import pulled_part
from momentvos.http_client import words_of
from momentvos.mllm.endpoint import OPTIONS, Endpoint
from momentvos.ranges import Range, Share, fault_of
from momentvos.reachable import check_hub, is_cached, is_hub_id
from momentvos.systems.tracks.words import RuleReader, WordReader

if TYPE_CHECKING:
    from transformers import Sam2VideoModel

    from momentvos.systems.tracks.asking import Chat
    from momentvos.systems.tracks.config import TracksConfig
    from momentvos.systems.tracks.detectors import Detector
    from momentvos.systems.tracks.front import FrontGrounder
    from momentvos.systems.tracks.selectors import SelectorPart

T = TypeVar("T")
Options = dict[str, Any]
ADVICE = "connect to the internet once, or run `momentvos pull` for a model that holds them"
GATED = (
    "they are given to those alone whom their owner has let in; ask for access on the hub's page, "
    "run `hf auth login`, and connect to the internet once"
)


@dataclass(frozen=True)
class Parts:
    """What plays each role; front: the grounder that says when, or None."""

    words: WordReader
    detector: Detector
    sam: Sam2VideoModel
    selector: SelectorPart
    front: FrontGrounder | None = None


@dataclass(frozen=True)
class Kind:
    """A kind of part.

    load: makes it of its options. kinds: by name, what the value of each of them must be.
    """

    load: Callable[[Options], Any]
    kinds: Mapping[str, Any]

    @property
    def options(self) -> frozenset[str]:
        """Names of its options."""
        return frozenset(self.kinds)


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
            front(config),
        )


def front(config: TracksConfig) -> FrontGrounder | None:
    """The grounder of a configuration that says when, or None. Raises ModelError as `load`."""
    made: FrontGrounder | None = _part("moment", config.moment)
    return made


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
    for option, value in options.items():
        if option == "beside":
            continue
        if option not in kinds[name].kinds:
            raise ModelError(f"The {role} '{name}' has no option '{option}'.")
        if fault := fault_of(kinds[name].kinds[option], value):
            raise ModelError(f"'{option}' of the {role} '{name}' {fault}.")
    try:
        return kinds[name].load(options)
    except ModelError:
        raise
    except (TypeError, ValueError) as error:
        raise ModelError(f"The {role} '{name}' cannot be made: {words_of(error)}") from error


def _weights(options: Options, load: Callable[[str, bool], T], advice: str = ADVICE) -> T:
    """The weights that options name, see `momentvos.grounding.weights.read`.

    Takes `model` and `revision` out of the options. advice: what to do where they are nowhere.
    """
    model, revision = str(options.pop("model", "")), options.pop("revision", None)
    if not model:
        raise ModelError("A part of the model names no weights: give it a 'model'.")
    source = _source(model, revision)
    return weights.read(source, load, f"'{source}' cannot be used", _absent(model, advice))


def _absent(model: str, advice: str = ADVICE) -> str:
    return f"The weights '{model}' are not on this machine and cannot be fetched: {advice}."


def _source(model: str, revision: Any) -> str:
    """Where the weights of an id at a revision are, fetched where that is the hub's cache."""
    source = locate(model, revision)
    if revision is not None and not Path(source).is_dir():
        source = _at_revision(source, str(revision))
    return source


def _at_revision(model: str, revision: str) -> str:
    """The hub's snapshot of a revision, fetched unless it is in its cache."""
    from huggingface_hub import snapshot_download

    wanted = ["*.json", "*.safetensors", "*.txt", "*.model", "*.jinja"]
    for local in (True, False):
        try:
            place = snapshot_download(
                model, revision=revision, allow_patterns=wanted, local_files_only=local
            )
            if not local or any(Path(place).glob("*.safetensors")):  # else a part of it
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


def _sam3(options: Options) -> Detector:
    least = float(options.pop("box_threshold", 0.5))

    def read(source: str, local: bool) -> Detector:
        # By its module: without torchvision the library's own name is a dummy, though text prompts
        # need none of it.
        from transformers.models.sam3.modeling_sam3 import Sam3Model

        from momentvos.systems.tracks.detectors.sam3 import Sam3, Sam3Images

        model = weights.model(Sam3Model, source, local, ("sam3", "sam3_video"))
        images = Sam3Images.from_pretrained(source, local_files_only=local)
        return Sam3(model, images, weights.tokenizer(source, local), least)

    return _weights(options, read, GATED)


def _sam2(options: Options) -> Sam2VideoModel:
    from transformers import AutoConfig, Sam2VideoModel

    def config(source: str, local: bool) -> Any:
        return AutoConfig.from_pretrained(source, local_files_only=local)

    return _tracker(options, Sam2VideoModel, "sam2_video", config)


def _edgetam(options: Options) -> Sam2VideoModel:
    from transformers import PreTrainedConfig

    from momentvos.sam2.edgetam import EdgeTam, edgetam_config

    def config(source: str, local: bool) -> Any:
        return edgetam_config(PreTrainedConfig.get_config_dict(source, local_files_only=local)[0])

    return _tracker(options, EdgeTam, "edgetam_video", config)


def _tracker(
    options: Options, kind: Any, name: str, configure: Callable[[str, bool], Any]
) -> Sam2VideoModel:
    """Weights of a class, at the size of pictures that the options name."""
    size = options.get("image_size")

    def read(source: str, local: bool) -> Sam2VideoModel:
        from momentvos.sam2.sizes import at_size, step

        config = configure(source, local)
        if size is not None and config.model_type == name:
            if int(size) % step(config):
                least = step(config)
                raise ModelError(f"Its pictures are a multiple of {least} pixels, not {size}.")
            config = at_size(config, int(size))
        made: Sam2VideoModel = weights.model(kind, source, local, (name,), config=config)
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
        if not options.get("model"):
            raise ModelError(f"The endpoint '{url}' serves several models: name its 'model'.")
        given = {name: options[name] for name in OPTIONS.keys() & options.keys()}
        return Endpoint(url, options["model"], **given)
    from momentvos.systems.tracks.local_chat import LocalChat

    if not options.get("model"):
        raise ModelError("A chat model names no weights: give it a 'model' or an 'endpoint'.")
    model = str(options["model"])
    source = _source(model, options.get("revision"))
    if not Path(source).is_dir() and not is_cached(source):  # loaded with the first video
        check_hub(source, _absent(model))
    return LocalChat(source)


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


def _front(options: Options) -> FrontGrounder:
    from momentvos.grounding import parse
    from momentvos.grounding.available import check
    from momentvos.systems.tracks.front import FrontGrounder

    text = options.get("grounder")
    if not text:
        raise ModelError("The moment 'grounder' names none: give it a 'grounder' like 'clip:4'.")
    spec = parse(text)
    for one in spec:
        if one.name == "model" or (one.name == "oracle" and one.source is None):
            raise ModelError(f"The grounder '{one}' cannot say when for a tracks model.")
    check(spec)
    return FrontGrounder(spec)


def _nothing(options: Options) -> None:
    """A moment that needs no part: selector or tracks say when."""


WEIGHTS: dict[str, Any] = {"model": str, "revision": str | None}
BOXES = WEIGHTS | {"box_threshold": Share}
TRACKER = WEIGHTS | {
    "image_size": Annotated[int, Range(64, 8192)] | None, "single_mask": bool,
}  # fmt: skip
CHAT = WEIGHTS | OPTIONS | {"endpoint": str}
"""Of a chat model, on this machine or behind an endpoint, see `momentvos.mllm.endpoint`."""
KINDS: dict[str, dict[str, Kind]] = {
    "words": {"rules": Kind(_rules, {}), "chat": Kind(_chat_words, CHAT)},
    "detector": {
        "grounding-dino": Kind(_grounding_dino, BOXES),
        "owlv2": Kind(_owlv2, BOXES),
        "sam3": Kind(_sam3, BOXES),
    },
    "tracker": {"sam2": Kind(_sam2, TRACKER), "edgetam": Kind(_edgetam, TRACKER)},
    "selector": {
        "similarity": Kind(_similarity, WEIGHTS),
        "chat": Kind(
            _chat_selector, CHAT | {"window_seconds": Annotated[float, Range(0, 3600, above=True)]}
        ),
        "trained": Kind(_trained, {"model": str}),
    },
    "moment": {
        "auto": Kind(_nothing, {}),
        "scores": Kind(_nothing, {}),
        "existence": Kind(_nothing, {}),
        "grounder": Kind(_front, {"grounder": str}),
    },
}
"""By role, its kinds."""
