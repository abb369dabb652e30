"""Sa2VA's tokens and questions; wording as released."""

from __future__ import annotations

SEG = "[SEG]"
TOKENS = (SEG, "<p>", "</p>", "<vp>", "</vp>")
"""The tokens that the released models add; the others belong to captions and marked regions."""

PHRASE = "\nPlease segment {}."
QUESTION = "\n {} Please respond with a segmentation mask."
IMAGE = "\n Please segment {} in this image."
ANSWER = "Sure, [SEG]."


def request(sentence: str, image: bool = False) -> str:
    """What is asked about a video, or an image, that stands before it.

    A sentence with a question mark is a question of its own, but for images.
    """
    if image:
        return IMAGE.format(sentence)
    return (QUESTION if "?" in sentence else PHRASE).format(sentence)
