"""Unmasked Teacher (arXiv 2303.16058): embeddings of sentences and windows of four frames."""
