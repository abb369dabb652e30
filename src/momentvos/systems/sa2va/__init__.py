"""Sa2VA, and Sa2VA-i: a multimodal language model with [SEG], and SAM2."""

from momentvos.systems.registry import SystemEntry

ENTRY = SystemEntry(
    "Sa2VA",
    "momentvos.systems.sa2va.model:Sa2VaModel",
    official={"sa2va_chat": "momentvos.convert.sa2va:load_sa2va"},
)
