"""The server: videos and sentences over HTTP, answers as jobs that survive a restart.

`momentvos.server.client` asks one from Python; ``momentvos serve`` starts one.
"""
