"""The process that decodes what clients have sent: it looks at uploads, gives frames, renders.

Run by `media.py`, one message in, one out. It confines itself before anything else, and knows no
database, no model and no client.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from momentvos.errors import MomentVOSError
from momentvos.guard import reason
from momentvos.json_text import to_text
from momentvos.server.confine import confine
from momentvos.server.wire import Voice


def main() -> None:
    """Answer messages until the server ends."""
    voice = Voice()
    messages = voice.messages()
    limits = next(messages, None)
    if limits is None:
        return
    confine(limits["memory"], limits["cpu_seconds"], limits["file_bytes"])
    reader: Any = None
    while True:
        # The server has had its answer and asks no more before: time for what it may ask next.
        while reader is not None and not voice.spoken_to and _ahead(reader):
            pass
        asked = next(messages, None)
        if asked is None:
            return
        try:
            if asked["do"] == "frame" and reader is None:
                from momentvos.server.frame_reader import FrameReader

                reader = FrameReader()
            _answer(asked, voice, reader)
        except MomentVOSError as error:
            voice.say(error=_by_name(str(error), asked))
        except MemoryError:
            voice.say(error="The video asks for more memory than one may take here.")
            return  # what is left of it is in pieces
        except Exception as error:
            voice.say(fault=f"{type(error).__name__}: {_by_name(reason(error), asked)}")


def _answer(asked: dict[str, Any], voice: Voice, reader: Any) -> None:
    if asked["do"] == "inspect":
        from momentvos.server.inspection import inspect

        facts = inspect(Path(asked["path"]), asked["limits"])
        voice.say(to_text(facts).encode())
    elif asked["do"] == "frame":
        voice.say(reader.picture(asked["path"], asked["frame"], asked["form"], asked["width"]))
    else:
        from momentvos.server.rendering import render

        name = render(
            asked["kind"],
            asked["value"],
            [Path(one) for one in asked["predictions"]],
            Path(asked["path"]),
            Path(asked["out"]),
        )
        voice.say(name=name)


def _ahead(reader: Any) -> bool:
    """Make a picture that may be asked for; whether there may be more."""
    try:
        return bool(reader.ahead())
    except Exception:
        return False  # whoever asks for it is told


def _by_name(text: str, asked: dict[str, Any]) -> str:
    """Without the paths of this machine; the video by the name that its user gave it."""
    text = text.replace(str(asked["path"]), asked.get("name") or "the video")
    return text.replace(str(asked.get("out") or "\0"), "the result")


if __name__ == "__main__":
    main()
