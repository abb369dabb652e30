"""Streams: frames in, updates out, sentences that come and go, and memory that stays flat."""

from itertools import count

import numpy as np
import pytest
from PIL import Image

import momentvos
from momentvos.data.world import render
from momentvos.errors import ArgumentError, ModelError, SentenceError, VideoError
from momentvos.media.arrays import ArrayVideo
from momentvos.media.frame import Frame


@pytest.fixture(scope="module")
def model(tiny):
    return tiny()


@pytest.fixture(scope="module")
def frames(world):
    return render(world, range(12), 64)[0]


def test_frames_that_are_pushed_and_those_that_are_given_are_answered_alike(model, frames):
    given = list(model.stream(iter(frames), "the turtle", fps=8))
    with model.stream("the turtle", fps=8) as stream:
        pushed = [update for frame in frames for update in stream.push(frame)]
        pushed += stream.finish()
    assert [one.frame for one in pushed] == [one.frame for one in given] == list(range(12))
    assert all((a.mask == b.mask).all() for a, b in zip(pushed, given, strict=True))
    assert len(stream) == 12 and len(stream.predictions) == 1


def test_an_update_says_what_is_known(model, frames):
    stream = model.stream(frames, "the turtle", fps=8)
    assert stream.delay == 1 and stream.names == ["the turtle"]
    updates = list(stream)
    one = updates[5]
    assert (one.frame, one.time, one.name, one.sentence) == (5, 5 / 8, "the turtle", "the turtle")
    assert one.mask.shape == (64, 64) and one.mask.dtype == bool
    assert one.inside and one.open and one.moment.to_list() == [[0, 5]]
    assert one.relevance == 1.0 and 0 <= one.confidence <= 1 and one.found
    assert [update.delay for update in updates] == [1, 0] * 6
    rows, columns = one.mask.nonzero()
    assert one.box == (columns.min(), rows.min(), columns.max() + 1, rows.max() + 1)
    json = one.to_json()
    assert json["frame"] == 5 and json["mask"]["size"] == [64, 64] and json["moment"] == [[0, 5]]
    assert "frame 5" in repr(one)
    (prediction,) = stream.predictions
    assert (prediction.masklet.get(5) == one.mask).all()
    assert prediction.video.length == 12 and prediction.video.duration == 1.5
    assert momentvos.Prediction.from_json(prediction.to_json()) == prediction


def test_a_sentence_that_is_added_later_begins_at_its_frame(model, frames):
    alone = model.segment(ArrayVideo(frames[5:], 8), "the blue turtle")
    with model.stream("the turtle", fps=8) as stream:
        for number, frame in enumerate(frames):
            if number == 5:
                assert stream.add("the blue turtle", name="blue") == "blue"
            stream.push(frame)
    first, later = stream.predictions
    assert first.video.length == later.video.length == 12
    assert later.moment.to_list() == [[5, 11]] and first.moment.to_list() == [[0, 11]]
    assert "asked from frame 5 (0.62 s) on" in later.notes
    for frame in range(12):
        mask = later.masklet.get(frame)
        if frame < 5:
            assert not mask.any()
        else:
            assert (mask == alone.masklet.get(frame - 5)).mean() > 0.999


def test_a_sentence_that_is_dropped_is_answered_up_to_then(model, frames):
    whole = model.segment(ArrayVideo(frames[:7], 8), "the turtle")
    stream = model.stream(["the turtle", "a dog"], fps=8)
    seen = [one.name for frame in frames[:7] for one in stream.push(frame)]
    dropped = stream.drop("the turtle")
    seen_later = [one.name for frame in frames[7:] for one in stream.push(frame)]
    assert set(seen) == {"the turtle", "a dog"} and set(seen_later) == {"a dog"}
    assert dropped.video.length == 7 and stream.names == ["a dog"]
    assert (dropped.masklet.get(6) == whole.masklet.get(6)).mean() > 0.999
    assert stream.held["memories"] == 6
    assert [one.sentence for one in stream.close()] == ["a dog"]


def test_sentences_come_and_go_while_frames_are_iterated(model, frames):
    stream = model.stream(frames, [], fps=8)
    names = []
    stream.add("the turtle")
    for update in stream:
        names.append((update.frame, update.name))
        if update.frame == 3 and update.name == "the turtle":
            stream.drop("the turtle")
            stream.add("a dog")
    assert [name for _, name in names] == ["the turtle"] * 4 + ["a dog"] * 8
    assert [frame for frame, _ in names] == list(range(12))


@pytest.mark.slow
def test_what_is_held_does_not_grow(tiny, world):
    """Objects are counted, not bytes: over 500 frames, with sentences that come and go."""
    model = tiny(memory_frames=2, pointers=3)
    picture = render(world, range(1), 32)[0][0]
    stream, held = model.stream("the turtle", fps=8, keep=0), []
    for number in range(500):
        if number % 100 == 20:
            stream.add("a dog", name="dog")
        if number % 100 == 30:
            stream.drop("dog")
        for update in stream.push(picture):
            assert len(update.moment.spans) <= 32
        held.append(stream.held)
    assert {one["frames"] for one in held} == {0, 1}
    assert max(one["memories"] for one in held) == 4
    assert held[-1]["memories"] == 2
    assert stream.close() == []


def test_more_frames_than_are_kept_give_updates_but_no_prediction(model, frames):
    for keep, answers in ((12, 1), (11, 0), (0, 0)):
        stream = model.stream(frames, "the turtle", fps=8, keep=keep)
        assert len(list(stream)) == 12 and len(stream.predictions) == answers


def test_a_stream_without_frames_is_no_error(model):
    with model.stream("the turtle", fps=8) as stream:
        pass
    assert stream.predictions == [] and len(stream) == 0
    assert list(model.stream(iter([]), "the turtle", fps=8)) == []
    stream = model.stream("the turtle", fps=8)
    assert stream.finish() == [] and stream.close() == []


def test_frames_of_any_kind_are_taken_but_all_of_one_size(model, frames):
    stream = model.stream("the turtle", fps=8)
    stream.push(frames[0])
    stream.push(Image.fromarray(frames[1]))
    stream.push(frames[2].transpose(2, 0, 1))
    stream.push(frames[3].astype(np.float32) / 255)
    with pytest.raises(VideoError, match="Frame 4 is 32 x 32 pixels, but frame 0 is 64 x 64"):
        stream.push(frames[4][:32, :32])
    for wrong in ("frame", None, 3, [1, 2], b"\0"):
        with pytest.raises(VideoError, match="Frame 4 is of type"):
            stream.push(wrong)
    stream.push(frames[4])  # what was refused is as if it had not come
    (answer,) = stream.close()
    assert answer.video.length == 5
    with pytest.raises(VideoError, match="they were to be 10 x 20"):
        model.stream("the turtle", fps=8, size=(20, 10)).push(frames[0])


def test_times_are_those_of_frames_and_must_ascend(model, frames):
    stream = model.stream("the turtle", fps=8)
    stream.push(frames[0], time=1000.0)
    stream.push(frames[1], time=1000.5)
    with pytest.raises(ArgumentError, match=r"frame 2, 1000.5 s, does not follow"):
        stream.push(frames[2], time=1000.5)
    with pytest.raises(ArgumentError, match="in seconds"):
        stream.push(frames[2], time="now")
    stream.push(Frame(9, 1002.0, frames[2]))
    stream.push(frames[3])
    stream.finish()
    (answer,) = stream.close()
    assert answer.video.duration == pytest.approx(2.25)
    assert answer.seconds == ((0.0, 2.25),)


def test_a_closed_stream_says_so(model, frames):
    stream = model.stream("the turtle", fps=8)
    stream.push(frames[0])
    first = stream.close()
    assert stream.close() is first and len(first) == 1
    for call in (lambda: stream.push(frames[0]), lambda: stream.add("a dog")):
        with pytest.raises(ArgumentError, match="closed"):
            call()


def test_an_error_inside_the_block_ends_the_stream(model, frames):
    with pytest.raises(KeyError), model.stream("the turtle", fps=8) as stream:
        stream.push(frames[0])
        raise KeyError("of the caller")
    assert stream.predictions == []


def test_a_camera_may_fill_its_buffer_again(tiny, frames):
    model = tiny(image_fit="pad", window=4)  # frames have SAM2's size, and are not resized
    expected = [one.mask for one in model.stream(frames, "the turtle", fps=8)]

    def camera():
        buffer = np.empty_like(frames[0])
        for frame in frames:
            buffer[:] = frame
            yield buffer
            buffer[:] = 0

    masks = [one.mask for one in model.stream(camera(), "the turtle", fps=8)]
    assert all((a == b).all() for a, b in zip(masks, expected, strict=True))


def test_ctrl_c_leaves_what_was_answered(model, frames):
    with pytest.raises(KeyboardInterrupt), model.stream("the turtle", fps=8) as stream:
        for frame in frames[:5]:
            stream.push(frame)
        raise KeyboardInterrupt
    assert [one.video.length for one in stream.predictions] == [4]  # the fifth waited


def test_an_endless_source_is_read_as_it_comes(model, frames):
    taken = []

    def camera():
        for number in count():
            taken.append(number)
            yield frames[number % 12]

    for update in model.stream(camera(), "the turtle", fps=8):
        assert len(taken) <= update.frame + 2
        if update.frame == 20:
            break


@pytest.mark.parametrize(
    ("call", "error", "why"),
    [
        (lambda m: m.stream("clip.mp4", "the dog"), VideoError, "open a file first"),
        (lambda m: m.stream(3, "the dog"), VideoError, "no stream of frames"),
        (lambda m: m.stream("the dog", fps=0), VideoError, "0 frames a second"),
        (lambda m: m.stream("", fps=8), SentenceError, "empty"),
        (lambda m: m.stream("the dog", keep=-1), ArgumentError, "`keep`"),
        (lambda m: m.stream("the dog", size=3), ArgumentError, "`size`"),
        (lambda m: m.stream("the dog", selection=True), ModelError, "whole video"),
        (lambda m: m.stream("the dog").drop("a cat"), ArgumentError, "there are 'the dog'"),
        (lambda m: m.stream("the dog").add("a", name="the dog"), ArgumentError, "drop it first"),
        (lambda m: m.stream("the dog").add("a", name=3), ArgumentError, "is text"),
        (lambda m: list(m.stream("the dog")), ArgumentError, "without frames"),
        (lambda m: m.stream([f"dog {k}" for k in range(65)]), ArgumentError, "64 sentences"),
    ],
)
def test_what_cannot_be_used_is_said(model, call, error, why):
    with pytest.raises(error, match=why):
        call(model)


def test_a_file_in_place_of_a_sentence_is_told_where_frames_go(
    model, frames, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "clip.mp4").touch()
    for call in (
        lambda: model.stream("clip.mp4", fps=8),
        lambda: model.stream(["the dog", str(tmp_path / "clip.mp4")]),
        lambda: model.stream(iter(frames), "clip.mp4"),
        lambda: model.stream(fps=8).add("clip.mp4"),
    ):
        with pytest.raises(SentenceError, match=r"not a sentence; give frames in front.*push them"):
            call()
    assert model.stream("other.mp4").names == ["other.mp4"], "nothing of that name is there"
    assert model.stream().add("clip.mp4", box=(0, 0, 9, 9)) == "clip.mp4", "it is only a label"


def test_frames_alone_wait_for_a_sentence(model, frames):
    stream = model.stream(iter(frames), fps=8)
    stream.add("the turtle")
    assert len(list(stream)) == 12


def test_the_same_sentence_twice_has_two_names(model):
    stream = model.stream(["the dog", "the dog"], fps=8)
    assert stream.names == ["the dog", "the dog (2)"]


def test_a_rate_that_nobody_says_is_noted(model, frames):
    assert "taken for 24 a second" in model.stream("the dog").notes[0]
    assert model.stream(ArrayVideo(frames, 5), "the dog").fps == 5


def test_track_selection_is_left_out_and_named(frames):
    model = momentvos.load("tgl-mini", device="cpu")
    stream = model.stream("the dog", fps=8)
    assert "streamed: without track selection, which needs the whole video" in stream.notes
    published = model.stream("the dog", fps=8, selection=False)
    assert not any("selection" in note for note in published.notes)
    stream.push(frames[0])
    (answer,) = stream.close()
    assert answer.domain == "MomentWorld sprites" and answer.in_domain is True
    stream = model.stream("the dog", fps=8)
    assert stream.in_domain is None
    stream.push(np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8))
    assert stream.in_domain is False and "unlike what the model knows" in stream.notes[0]
    assert stream.close()[0].notes[0] == stream.notes[0]
