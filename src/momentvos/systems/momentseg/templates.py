"""MomentSeg's questions and answers; wording as released, its spelling included."""

from __future__ import annotations

SEG, FIND = "[SEG]", "[FIND]"
TOKENS = (SEG, FIND, "<p>", "</p>")
"""The tokens that the released models add; the last two belong to captions with phrases."""

VIDEO_SHOWN = "\nThis is a low-resoluton video."
FIND_VIDEO_SHOWN = "\nHere is a low-resolution video you can refer to."
VIDEO_WORD, IMAGE_WORD = "<video>", "<image>"
"""Stand in the released prompt as text where no low-resolution video, or no frame, is given."""

FIND_QUESTION = " Can you find the key frames range of the text query '{}' in this video"
SEG_QUESTION = "\nPlease segment {} in this video."
IMAGE_QUESTION = "Please segment {} in this image."

VIDEO_QUESTIONS = (
    "Can you segment the {} in this video?",
    "Please segment {} in this video.",
    "What is {} in this video? Please respond with segmentation mask.",
    "Could you provide a segmentation mask for the {} in this video?",
    "Please identify and segment the {} in this video.",
)
IMAGE_QUESTIONS = tuple(question.replace("video", "image") for question in VIDEO_QUESTIONS)
FIND_QUESTIONS = (
    "Can you find the key frames range of the text query '{}' in this video?",
    "Can you find the key frames range of the text query '{}' in this video",
    "Could you identify the key frames range for the text query '{}' in this low-resolution video?",
    "Please locate the key frames range where the text query '{}' appears in this video?",
)
CONTEXT_CAPTIONS = (
    "\nThis is a low-resolution video.",
    "\nYou can view this low-resolution video for reference.",
    FIND_VIDEO_SHOWN,
)
SEG_ANSWERS = (
    "It is [SEG].",
    "Sure, [SEG].",
    "Sure, it is [SEG].",
    "Sure, the segmentation result is [SEG].",
    "[SEG].",
)
FIND_ANSWERS = ("It is [FIND].", "Sure, [FIND].", "Sure, it is [FIND].", "[FIND].")
ABSENT = "It is not there."
"""Answer in training to an expression without target, which the released models never refuse."""
