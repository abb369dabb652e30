"""Relevance of patches to a sentence, and a dense prompt made of it; not in the papers."""
