"""Keys of earlier configurations; recipes have them too, and are read without PyTorch."""

RENAMED = {
    "consensus": "max_tracks",
    "consensus_margin": "margin",
    "consensus_number": "count_from_text",
    "judge": "selector",
    "judge_span": "window",
    "judge_rate": "rate",
    "things_look": "candidate_threshold",
    "things_threshold": "relevance_threshold",
    "things_presence": "presence_threshold",
}
"""Keys of configurations before the second edition, and their names in `selection` now."""
