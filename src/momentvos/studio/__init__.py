"""The studio: people mark when a sentence holds for each object of a video, as MeViS-M was made.

`content` and `history` are the rules without database or HTTP, `items` is what writes, `api` the
routes below ``/api/studio``, `page` the files of ``/studio``. docs/architecture.md, section
"The studio", has the ideas.
"""
