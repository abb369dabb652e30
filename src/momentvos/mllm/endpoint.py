"""A multimodal language model behind an OpenAI-compatible HTTP endpoint (vLLM, Ollama, a cloud)."""

from __future__ import annotations

import base64
import io
import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import SplitResult, unquote, urlsplit

from momentvos.errors import ModelError
from momentvos.mllm.post import UnansweredError, post
from momentvos.mllm.yes_no import YesNo, by_top, by_word
from momentvos.ranges import Range, fault_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

KEY = "OPENAI_API_KEY"
"""Environment variable with the key, unless another is named; keys stand nowhere else."""
LONGEST = 2048
"""Most tokens of an answer."""
LETTERS, PICTURE = 3, 1000
"""Letters of a token, and tokens of a picture, where a server does not count."""
SHAPE = "http://HOST/v1#MODEL"
"""How an endpoint and its model are written in one text."""
OPTIONS: dict[str, Any] = {
    "key": str,
    "temperature": Annotated[float, Range(0, 2)],
    "seconds": Annotated[float, Range(0, 86_400, above=True)],
    "most_tokens": Annotated[int, Range(1, 10**12)],
}
"""What may be said of an endpoint beside its address and model."""
_READ = {"key": str, "temperature": float, "seconds": float, "most_tokens": int}
_DIALECT = ("max_completion_tokens", "temperature", "logprobs")
"""Words of a refusal that say what of a question a server does not know; some want the first of
them in place of `max_tokens`.
"""


class RefusedError(ModelError):
    """A question that an endpoint does not take in this form; `words` are the endpoint's own."""

    def __init__(self, message: str, words: str) -> None:
        super().__init__(message)
        self.words = words


@dataclass
class Endpoint:
    """A chat model that is asked over HTTP; see `generate`.

    Attributes:
        url: base of the API, such as ``http://localhost:11434/v1``.
        model: its name there.
        key: name of the environment variable that holds the key; there may be none.
        temperature: of sampling.
        seconds: longest wait for an answer.
        most_tokens: of all questions and answers together; beyond it nothing is asked any more.
        used: tokens so far, by the server's count, or by an estimate where it gives none.
        pause: waits between attempts, in seconds.
    """

    url: str
    model: str
    key: str = KEY
    temperature: float = 0.2
    seconds: float = 120.0
    most_tokens: int = 2_000_000
    used: int = 0
    pause: Callable[[float], None] = field(default=time.sleep, repr=False)
    _unknown: set[str] = field(default_factory=set, repr=False)

    def __post_init__(self) -> None:
        """Raises ModelError for an address that is none, or that holds a password or key, and for
        an option of no sensible value.
        """
        for name, kind in {"url": str, "model": str, **OPTIONS}.items():
            if fault := fault_of(kind, getattr(self, name)):
                raise ModelError(f"'{name}' of an endpoint {fault}.")
        if not self.key.isidentifier():  # and not shown, since it may be a key
            raise ModelError("'key' of an endpoint is the name of an environment variable.")
        parts = _split(self.url)
        if parts.username is not None or parts.query:
            raise ModelError(
                f"The address of an endpoint holds no user, password or key: put the key in the "
                f"variable {self.key}."
            )
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ModelError(f"'{self.url}' is no address of an endpoint, such as http://host/v1.")

    @classmethod
    def at(cls, address: str) -> Endpoint:
        """The endpoint of ``http://HOST/v1#MODEL``, with options such as ``&key=MY_VARIABLE``.

        Raises ModelError for what is not of that form.
        """
        url, _, rest = address.partition("#")
        model, *given = rest.split("&")
        if not model:
            cls(url, "")  # what is wrong with the address itself comes first
            raise ModelError(f"'{url}' names no model of the endpoint; write {SHAPE}.")
        options: dict[str, Any] = {}
        for one in given:
            name, _, value = one.partition("=")
            try:
                options[name] = _READ[name](value)
            except (KeyError, ValueError):
                raise ModelError(
                    f"'{one}' is no option of an endpoint; there are {', '.join(OPTIONS)}, "
                    "written like &most_tokens=200000."
                ) from None
        return cls(url, unquote(model), **options)

    @property
    def leaves_machine(self) -> bool:
        """Whether frames are sent to another machine."""
        host = (urlsplit(self.url).hostname or "").rstrip(".")
        try:
            return not ip_address(host).is_loopback
        except ValueError:
            return host != "localhost"

    @property
    def note(self) -> str:
        """What users must know, or ""."""
        host = urlsplit(self.url).hostname
        return f"frames of the video were sent to {host}" if self.leaves_machine else ""

    def generate(self, parts: Sequence[str | NDArray[np.uint8]]) -> str:
        """Answer one question of texts and pictures, uint8 [H, W, 3], in order.

        Raises ModelError where the endpoint cannot be reached, refuses, or sends no answer; and
        beyond the limit of tokens.
        """
        choice = self._ask(parts, {"max_tokens": LONGEST})
        text = choice["message"]["content"]
        if not isinstance(text, str):
            raise self._unusable("an answer without text")
        return text.encode("utf-8", "replace").decode("utf-8").strip()  # JSON holds half characters

    def yes_no(self, parts: Sequence[str | NDArray[np.uint8]]) -> YesNo | None:
        """The first word of the answer; None where it is neither yes nor no.

        From the logits where the server gives them (`top_logprobs`), else from the word itself.
        Raises ModelError as `generate`.
        """
        options = {"max_tokens": 4, "temperature": 0, "logprobs": True, "top_logprobs": 20}
        try:
            choice = self._ask(parts, options)
        except RefusedError:
            if "logprobs" in self._unknown:
                raise
            self._unknown.add("logprobs")
            choice = self._ask(parts, options)
        try:
            top = choice["logprobs"]["content"][0]["top_logprobs"]
            known = [(str(one["token"]), float(one["logprob"])) for one in top]
        except (KeyError, IndexError, TypeError, ValueError):
            known = []
        return by_top(known) or by_word(str(choice["message"]["content"]))

    def _ask(self, parts: Sequence[Any], options: Mapping[str, Any]) -> dict[str, Any]:
        """The first choice of an answer, with `message.content`."""
        if self.used >= self.most_tokens:
            raise ModelError(
                f"The limit of {self.most_tokens} tokens for '{self.model}' is reached; raise it, "
                "or ask less."
            )
        content = [_text(one) if isinstance(one, str) else _picture(one) for one in parts]
        question = {
            "model": self.model,
            "messages": [{"role": "user", "content": content}],
            "temperature": self.temperature,
            **options,
        }
        answer = self._answered(question)
        try:
            choice = answer["choices"][0]
            assert isinstance(choice["message"], dict) and "content" in choice["message"]
        except (KeyError, IndexError, TypeError, AssertionError):
            raise self._unusable("an answer without a choice") from None
        usage = answer.get("usage")
        tokens = usage.get("total_tokens") if isinstance(usage, dict) else None
        if isinstance(tokens, int) and tokens > 0:
            self.used += tokens
        else:
            self.used += _estimate(parts, choice["message"]["content"])
        made: dict[str, Any] = choice
        return made

    def _answered(self, question: Mapping[str, Any]) -> dict[str, Any]:
        """What the endpoint sends, to a question without what it has refused."""
        while True:
            try:
                return self._post(self._known(question))
            except RefusedError as error:
                named = {one for one in _DIALECT if one in error.words} - self._unknown
                if not named:
                    raise
                self._unknown |= named

    def _known(self, question: Mapping[str, Any]) -> dict[str, Any]:
        left = dict(question)
        if "max_completion_tokens" in self._unknown:
            left["max_completion_tokens"] = left.pop("max_tokens")
        for name in ("temperature", "logprobs", "top_logprobs"):
            if name.removeprefix("top_") in self._unknown:
                left.pop(name, None)
        return left

    def _post(self, question: Mapping[str, Any]) -> dict[str, Any]:
        address = f"{self.url.rstrip('/')}/chat/completions"
        try:
            return post(address, question, self._headers(), self.seconds, self.pause)
        except UnansweredError as error:
            if error.status in (401, 403):
                wanted = f"'{self.url}' wants a key; put it in the variable {self.key}."
                raise ModelError(wanted) from None
            if error.status in (400, 422):
                raise RefusedError(self._about(str(error)), error.words) from None
            raise self._unusable(str(error)) from None

    def _headers(self) -> dict[str, str]:
        key = os.environ.get(self.key, "").strip()
        if not (key.isascii() and key.isprintable()):  # HTTP's own error would show it
            raise ModelError(f"The variable {self.key} holds what cannot be a key.")
        return {"Authorization": f"Bearer {key}"} if key else {}

    def _unusable(self, problem: str) -> ModelError:
        return ModelError(self._about(problem))

    def _about(self, problem: str) -> str:
        return f"The model '{self.model}' at '{self.url}' does not answer: {problem}."


def _estimate(parts: Sequence[Any], answer: Any) -> int:
    """About how many tokens a question and its answer are."""
    letters = sum(len(one) for one in (*parts, answer) if isinstance(one, str))
    return letters // LETTERS + PICTURE * sum(not isinstance(one, str) for one in parts)


def is_address(text: str) -> bool:
    """Whether a text is an address, rather than a folder or a hub id."""
    return text.startswith(("http://", "https://"))


def _split(url: str) -> SplitResult:
    try:
        return urlsplit(url)
    except ValueError:  # brackets of an address that is none
        raise ModelError(f"'{url}' is no address of an endpoint, such as http://host/v1.") from None


def _text(text: str) -> dict[str, Any]:
    return {"type": "text", "text": text}


def _picture(rgb: NDArray[np.uint8]) -> dict[str, Any]:
    from PIL import Image

    file = io.BytesIO()
    Image.fromarray(rgb).save(file, "JPEG", quality=90)
    data = base64.b64encode(file.getvalue()).decode("ascii")
    return {"type": "image_url", "image_url": {"url": f"data:image/jpeg;base64,{data}"}}
