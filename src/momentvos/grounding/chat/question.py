"""Questions to chat models, in wording of our own.

`span` asks for times; `frames` for the numbers of frames; `percent` and `tenths` ask how far into
the video to look, as VISA and GLUS ask LLaMA-VID and Chat-UniVi for a keyframe (TGL A.3).
"""

from __future__ import annotations

from typing import Literal

Form = Literal["span", "frames", "percent", "tenths"]
FORMS: tuple[Form, ...] = ("span", "frames", "percent", "tenths")


def label(number: int, second: float) -> str:
    """Text before a frame; numbers begin at 1."""
    return f"Frame {number}, {second:.1f} s: "


def question(form: Form, sentence: str, frames: int, k: int, duration: float) -> str:
    """Text after the frames.

    frames: how many were shown. k: how many to name. duration: seconds of the video.
    """
    shown = f"These are {frames} frames of a video of {duration:.1f} seconds, in order.\n"
    about = f'Someone says about this video: "{sentence}".\n'
    return shown + about + _ASKED[form].format(k=min(k, frames), frames=frames)


def again(problem: str) -> str:
    """What is put before a question that was answered in another form."""
    return f"Your last answer could not be read: {problem}. Answer in the form that is asked for.\n"


def misfit(form: Form) -> str:
    """What is wrong with an answer that is not of the form that was asked for."""
    return f"it is not {_WANTED[form]} and nothing else"


_WANTED: dict[Form, str] = {
    "span": "a list of [start, end] pairs in seconds of the video",
    "frames": "a list of different numbers of frames",
    "percent": "one number from 0% to 100%",
    "tenths": "one of 0%, 10%, 20% and so on to 100%",
}
_ASKED: dict[Form, str] = {
    "span": (
        "During which seconds is it true? Answer with nothing but a list of [start, end] pairs in "
        "seconds, for example [[1.5, 4.0]] or [[0.0, 2.0], [5.5, 7.0]], and with [] if it is true "
        "at no time."
    ),
    "frames": (
        "Name the {k} frames that show it best, the best one first. Answer with nothing but a list "
        "of frame numbers from 1 to {frames}, for example [3, 4], and with [] if no frame shows it."
    ),
    "percent": (
        "How far into the video would you look for it? Answer with nothing but one number from 0% "
        "(the beginning) to 100% (the end)."
    ),
    "tenths": (
        "How far into the video would you look for it? Answer with nothing but one of 0%, 10%, "
        "20%, 30%, 40%, 50%, 60%, 70%, 80%, 90% and 100%."
    ),
}
