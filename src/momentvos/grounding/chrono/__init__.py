"""Chrono: moments as text, written by a language model that reads frames and times in turn.

After "Chrono: A Simple Blueprint for Representing Time in MLLMs" (arXiv 2406.18113).
"""
