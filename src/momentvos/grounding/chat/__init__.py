"""Asking a multimodal language model when a sentence holds."""
