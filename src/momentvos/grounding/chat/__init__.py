"""Grounding by questions to a multimodal language model."""
