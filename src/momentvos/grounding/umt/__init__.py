"""Unmasked Teacher (arXiv 2303.16058): windows of four frames and sentences as vectors."""
