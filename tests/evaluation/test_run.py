import numpy as np
import pytest

from momentvos.data.formats.mevis import read
from momentvos.errors import BenchmarkError, DataError, ModelError, MomentError
from momentvos.evaluation.footage import SampleVideo
from momentvos.evaluation.grounders import checked, finds, grounding_by, segmenting
from momentvos.evaluation.run import run
from momentvos.evaluation.store import Store, writing
from momentvos.moment import Moment


@pytest.fixture
def videos(small_world):
    samples = read(small_world())
    names = dict.fromkeys(sample.video_id for sample in samples)
    return [[one for one in samples if one.video_id == name] for name in names]


@pytest.fixture
def start(videos, tmp_path):
    def start(model, grounder_name="model", **options):
        store, ask = Store(tmp_path), segmenting(checked(grounder_name), "cpu", model)
        with writing(tmp_path, "1-of-1") as writer:
            return run(ask, videos, store, writer, options.pop("score", score), **options)

    def score(sample, prediction):
        return {"frames": len(prediction.masklet)}

    return start


def keys(videos):
    return [(one.video_id, one.expression_id) for group in videos for one in group]


def test_each_video_is_asked_once_and_never_again(start, videos, painter, tmp_path):
    model = painter([one for group in videos for one in group])
    told = []
    assert start(model, report=lambda *at: told.append(at)) == 0
    assert [len(sentences) for _, sentences in model.asked] == [3, 3]
    assert told[-1] == (6, 6)
    store = Store(tmp_path)
    assert all(store.done(key) for key in keys(videos)) and len(store) == 6
    row = store.load(keys(videos)[0])
    assert row["scores"] == {"frames": len([m for m in row["prediction"]["masks"] if m])}
    assert start(model) == 0 and len(model.asked) == 2


def test_only_what_fails_by_itself_is_lost_and_it_is_asked_again(start, videos, painter, tmp_path):
    samples = [one for group in videos for one in group]
    word = samples[1].sentence
    refused = sum(word in one.sentence for one in samples)
    assert start(painter(samples, refuses=word)) == refused
    store = Store(tmp_path)
    assert sum(store.done(key) for key in keys(videos)) == len(samples) - refused
    error = store.load(keys(videos)[1])["error"]
    assert error.startswith("RuntimeError: cannot say " + word) and "conftest.py:" in error
    model = painter(samples)
    assert start(model) == 0
    assert sum(len(sentences) for _, sentences in model.asked) == refused


def test_an_answer_that_cannot_be_scored_has_failed(start, videos, painter, tmp_path):
    def score(sample, prediction):
        raise DataError("The mask of 'a' is broken.")

    assert start(painter([one for group in videos for one in group]), score=score) == 6
    row = Store(tmp_path).load(keys(videos)[0])
    assert row["error"] == "The mask of 'a' is broken." and row["prediction"] is None


def test_can_stop_at_the_first_failure(start, videos, painter, tmp_path):
    samples = [one for group in videos for one in group]
    with pytest.raises(BenchmarkError, match="failed: RuntimeError: cannot say"):
        start(painter(samples, refuses=samples[0].sentence), stop=True)
    assert len(Store(tmp_path)) == 1


def test_what_is_answered_when_the_run_is_killed_stays(start, videos, painter, tmp_path):
    samples = [one for group in videos for one in group]

    class Killed(painter):
        def segment_each(self, video, sentence, moment=None, progress=None):
            for number, answer in enumerate(super().segment_each(video, sentence, moment)):
                if number == 2:
                    raise KeyboardInterrupt
                yield answer

    with pytest.raises(KeyboardInterrupt):
        start(Killed(samples))
    assert len(Store(tmp_path)) == 2
    model = painter(samples)
    assert start(model) == 0
    assert model.asked[0][1] == [samples[2].sentence]


def test_a_model_that_answers_too_little_has_failed(start, videos, painter, tmp_path):
    class Short(painter):
        def segment_each(self, video, sentence, moment=None, progress=None):
            return iter(())

    assert start(Short([one for group in videos for one in group])) == 6
    assert "fewer answers" in Store(tmp_path).load(keys(videos)[0])["error"]


def test_a_broken_video_fails_its_expressions_and_no_others(
    small_world, tmp_path, painter, videos, start
):
    class Reader(painter):
        def segment_each(self, video, sentence, moment=None, progress=None):
            for _ in video.frames():
                pass
            return super().segment_each(video, sentence, moment)

    frame = videos[0][0].images[3]
    kept = frame.read_bytes()
    frame.write_bytes(b"no picture")
    try:
        assert start(Reader([one for group in videos for one in group])) == 3
    finally:
        frame.write_bytes(kept)
    store = Store(tmp_path)
    assert str(frame) in store.load(keys(videos)[2])["error"]
    assert all(store.done(key) for key in keys(videos)[3:])


def test_the_video_of_a_sample_reads_its_frames(videos):
    sample = videos[0][0]
    video = SampleVideo(sample)
    assert (video.size, len(video), video.fps) == (sample.size, sample.length, sample.fps)
    frames = list(video.read([1, 4]))
    assert [frame.index for frame in frames] == [1, 4]
    np.testing.assert_array_equal(frames[1].rgb, sample.frames([4])[0])
    assert video.facts.path == sample.video_id


def test_grounders_say_when(videos):
    samples = videos[0]
    video = SampleVideo(samples[0])

    def said(text):
        return [one.moment for one in grounding_by(checked(text), "cpu", None)(video, samples)]

    assert said("oracle") == [one.moment for one in samples]
    assert said("all") == [Moment.all(6)] * 3
    assert said("2:4") == [Moment([(2, 4)])] * 3
    assert all(len(moment) == 2 for moment in said("uniform:2"))
    with pytest.raises(MomentError, match="outside"):
        said("2:9")


def test_only_moments_that_are_looked_for_are_scored():
    assert finds(checked("model")) and finds(checked("clip:4"))
    assert not any(finds(checked(text)) for text in ("oracle", "all", "2:4", "oracle+clip:4"))


@pytest.mark.parametrize("name", ["orakel", "", "none"])
def test_an_unknown_grounder_is_refused(name):
    with pytest.raises(ModelError, match="grounder"):
        checked(name)


@pytest.mark.parametrize("name", ["4:2", "1.5"])
def test_a_moment_that_is_none_is_refused(name):
    with pytest.raises(MomentError):
        checked(name)
