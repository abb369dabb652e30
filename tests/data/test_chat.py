import json

import numpy as np
import pytest
from PIL import Image

from momentvos.data import chat
from momentvos.data.conversations import DatasetConversations
from momentvos.data.options import ConversationOptions, DataOptions
from momentvos.errors import DataError

ASK = ConversationOptions(tasks={"ask": 1.0}, context_frames=4)


def dialogue(*words):
    names = ("human", "gpt")
    return [{"from": names[place % 2], "value": word} for place, word in enumerate(words)]


@pytest.fixture
def written(tmp_path):
    def make(*entries):
        path = tmp_path / "chat.json"
        path.write_text(json.dumps(list(entries)))
        return path

    return make


def test_conversations_about_an_image_and_about_nothing(written, tmp_path):
    (tmp_path / "pictures").mkdir()
    Image.new("RGB", (30, 20), (200, 0, 0)).save(tmp_path / "pictures" / "1.png")
    turns = dialogue("<image>\nWhat is this?", "Red.", "Sure?", "Yes.")
    path = written(
        {"id": "1", "image": "1.png", "conversations": turns},
        {"id": 2, "conversations": dialogue("Hello.", "Good day.")},
    )
    made = chat.read(path, tmp_path / "pictures")
    rows = DatasetConversations(made, DataOptions(videos=2, size=15), ASK).batch(0).rows
    (shown,) = (row for row in rows if row.images is not None)
    (plain,) = (row for row in rows if row.images is None)
    assert shown.turns == (("What is this?", "Red."), ("Sure?", "Yes."))
    assert shown.images.shape == (1, 10, 15, 3) and (shown.images[0, 5, 5, 0] == 200).all()
    assert plain.turns == (("Hello.", "Good day."),) and plain.context is None


def test_a_video_is_shown_once_a_second(written, tmp_path, monkeypatch):
    from momentvos.media.arrays import ArrayVideo
    from momentvos.media.video import Video

    frames = np.arange(24, dtype=np.uint8)[:, None, None, None].repeat(8, 1).repeat(8, 2)
    clip = ArrayVideo(frames.repeat(3, 3), 8.0)
    monkeypatch.setattr(Video, "open", classmethod(lambda cls, path: clip))
    path = written({"video": "v.mp4", "conversations": dialogue("<video>\nWhen?", "Now.")})
    (row,) = DatasetConversations(chat.read(path), DataOptions(size=8), ASK).batch(0).rows
    assert row.context[:, 0, 0, 0].tolist() == [0, 8, 16] and row.images is None


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ({"image": "../secret.png", "conversations": dialogue("a", "b")}, "cannot name a file"),
        ({"image": "/etc/passwd", "conversations": dialogue("a", "b")}, "cannot name a file"),
        ({"image": "a", "video": "b", "conversations": dialogue("a", "b")}, "both an image and"),
        ({"conversations": dialogue("a")}, "no question with an answer"),
        ({"conversations": [*dialogue("a"), *dialogue("b")]}, "alternate"),
        ({"conversations": "a"}, "is not a list"),
        ({}, "lacks 'conversations'"),
    ],
)
def test_broken_entries_are_named(written, entry, message):
    with pytest.raises(DataError, match=message):
        chat.read(written(entry))


def test_entries_with_several_images_are_left_out(written):
    several = {"image": ["a.png", "b.png"], "conversations": dialogue("a", "b")}
    assert len(chat.read(written(several, {"conversations": dialogue("a", "b")}))) == 1
