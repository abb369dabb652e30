"""Chat-UniVi (arXiv 2311.08046): Vicuna, CLIP, and visual tokens that are clusters of patches."""

from momentvos.mllm.chatunivi.chat import SYSTEM, write
from momentvos.mllm.chatunivi.config import MODEL_TYPE, ChatUniViConfig
from momentvos.mllm.chatunivi.model import ChatUniViForConditionalGeneration, register
from momentvos.mllm.chatunivi.picture import film, picture

__all__ = [
    "MODEL_TYPE",
    "SYSTEM",
    "ChatUniViConfig",
    "ChatUniViForConditionalGeneration",
    "film",
    "picture",
    "register",
    "write",
]
