"""Chat models of `transformers`: Qwen2.5-VL, Qwen3-VL, and those that answer as LLaVA does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from momentvos.errors import ModelError, SentenceError
from momentvos.grounding import weights
from momentvos.mllm.yes_no import YesNo, by_logits, by_word

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from momentvos.grounding.chat.grounder import ChatModel
    from momentvos.mllm import Budget, Patching

QWEN = {"qwen2.5-vl": ("qwen2_5_vl",), "qwen3-vl": ("qwen3_vl",)}
LONGEST = 128
"""Most tokens of an answer."""
TOKENS = (4, 256)
"""Fewest and most visual tokens of a frame that Qwen's models are shown."""


@dataclass(frozen=True)
class QwenChatModel:
    """Qwen's models in their own template; special tokens inside a sentence are plain text."""

    model: Any
    tokenizer: Any

    def generate(self, parts: Sequence[str | NDArray[np.uint8]]) -> str:
        import torch

        from momentvos import mllm

        with torch.inference_mode():
            text = mllm.generate(self.model, self.tokenizer, self._inputs(parts), LONGEST).text
        return text

    def yes_no(self, parts: Sequence[str | NDArray[np.uint8]]) -> YesNo | None:
        """The first token of the answer, by its logits; None where it is neither yes nor no."""
        import torch

        from momentvos.mllm.forward import hidden_states

        with torch.inference_mode():
            states = hidden_states(self.model, self._inputs(parts))
            found = by_logits(self.model.lm_head(states[0, -1]), self.tokenizer)
        return found or by_word(self.generate(parts))

    def _inputs(self, parts: Sequence[str | NDArray[np.uint8]]) -> Any:
        from momentvos import mllm
        from momentvos.mllm.chat import SYSTEM

        patching, budget = mllm.Patching.of(self.model.config), mllm.Budget(*TOKENS)
        content = tuple(
            part
            if isinstance(part, str)
            else mllm.image_input(_fitted(part, patching, budget), patching, budget)
            for part in parts
        )
        # Qwen3 was trained without a system prompt.
        system = None if patching.stamped else SYSTEM
        chat = mllm.render_chat(self.tokenizer, [mllm.Turn(content)], system)
        pad = self.tokenizer.pad_token_id or 0
        return mllm.collate([chat], pad).to(self.model.device)


def _fitted(rgb: NDArray[np.uint8], patching: Patching, budget: Budget) -> NDArray[np.uint8]:
    """A picture at the size that it is shown in, by Pillow, as the models' own processor does."""
    import numpy as np
    from PIL import Image

    height, width = patching.fit((rgb.shape[0], rgb.shape[1]), budget)
    return np.array(Image.fromarray(rgb).resize((width, height), Image.Resampling.BICUBIC))


@dataclass(frozen=True)
class ProcessorChatModel:
    """Any model whose processor has a chat template with images."""

    model: Any
    processor: Any

    def generate(self, parts: Sequence[str | NDArray[np.uint8]]) -> str:
        """Answer one question. Raises SentenceError for a text with a special token of the model.

        Raises ModelError where the model cannot read as much.
        """
        import torch

        inputs = self._inputs(parts)
        with torch.inference_mode():
            ids = self.model.generate(**inputs, max_new_tokens=LONGEST, do_sample=False)
        fresh = ids[0, inputs["input_ids"].shape[1] :]
        answer: str = self.processor.tokenizer.decode(fresh, skip_special_tokens=True)
        return answer.strip()

    def yes_no(self, parts: Sequence[str | NDArray[np.uint8]]) -> YesNo | None:
        """The first token of the answer, by its logits; None where it is neither yes nor no.

        Raises as `generate`.
        """
        import torch

        with torch.inference_mode():
            logits = self.model(**self._inputs(parts)).logits[0, -1]
        return by_logits(logits, self.processor.tokenizer) or by_word(self.generate(parts))

    def _inputs(self, parts: Sequence[str | NDArray[np.uint8]]) -> Any:
        from PIL import Image

        special = {str(token) for token in self.processor.tokenizer.all_special_tokens}
        special |= {str(getattr(self.processor, "image_token", "<image>"))}
        for part in parts:
            if isinstance(part, str) and (token := next((t for t in special if t in part), None)):
                raise SentenceError(f"The sentence holds '{token}', which chat models reserve.")
        content = [
            {"type": "text", "text": part}
            if isinstance(part, str)
            else {"type": "image", "image": part}
            for part in parts
        ]
        text = self.processor.apply_chat_template(
            [{"role": "user", "content": content}], add_generation_prompt=True
        )
        pictures = [Image.fromarray(part) for part in parts if not isinstance(part, str)]
        inputs = self.processor(images=pictures, text=text, return_tensors="pt")
        inputs = inputs.to(self.model.device, self.model.dtype)
        length = inputs["input_ids"].shape[1]
        limit = self.model.config.get_text_config().max_position_embeddings
        if length + LONGEST > limit:
            raise ModelError(
                f"{len(pictures)} frames and the question take {length} tokens, but this chat "
                f"model reads {limit - LONGEST} at most; choose one made for several pictures."
            )
        return inputs


def load(name: str, source: str, device: str = "auto") -> ChatModel:
    """Load a chat model from a folder or hub id; `name` says which kinds will do ("chat": any).

    Raises ModelError where it cannot be had or is of another kind, DeviceError for a device that
    is not there.
    """
    target = weights.resolve_device(device)

    def parts(source: str, local: bool) -> ChatModel:
        from transformers import AutoConfig, AutoModelForImageTextToText, AutoProcessor

        kind = AutoConfig.from_pretrained(source, local_files_only=local).model_type
        model = weights.model(
            AutoModelForImageTextToText,
            source,
            local,
            QWEN.get(name, (kind,)),
            dtype=weights.precision(target),
        ).to(target)
        if kind in ("qwen2_5_vl", "qwen3_vl"):
            return QwenChatModel(model, weights.tokenizer(source, local))
        processor = AutoProcessor.from_pretrained(source, local_files_only=local)
        return ProcessorChatModel(model, processor)

    return weights.obtain(name, source, parts)
