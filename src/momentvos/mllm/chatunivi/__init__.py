"""Chat-UniVi (arXiv 2311.08046): Vicuna, CLIP, and visual tokens that are clusters of patches."""

from momentvos.mllm.chatunivi.chat import SYSTEM, render_chat
from momentvos.mllm.chatunivi.config import MODEL_TYPE, ChatUniViConfig
from momentvos.mllm.chatunivi.model import ChatUniViForConditionalGeneration, register
from momentvos.mllm.chatunivi.visual_input import image_input, video_input

__all__ = [
    "MODEL_TYPE",
    "SYSTEM",
    "ChatUniViConfig",
    "ChatUniViForConditionalGeneration",
    "image_input",
    "register",
    "render_chat",
    "video_input",
]
