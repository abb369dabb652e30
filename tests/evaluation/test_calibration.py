from types import SimpleNamespace

from momentvos.evaluation.calibration import Observation, choose, observe
from momentvos.moment import Moment


def curve(low, high, span, length=12):
    return tuple(high if span[0] <= frame <= span[1] else low for frame in range(length))


def test_thresholds_separate_what_can_be_separated():
    rows = [
        Observation(Moment([(2, 6)]), curve(0.3, 0.7, (2, 6)), 0.7),
        Observation(Moment([(5, 9)]), curve(0.4, 0.6, (5, 9)), 0.6),
        Observation(Moment.empty(), curve(0.2, 0.2, (0, 0)), 0.2),
    ]
    chosen = choose(rows, median=1)
    assert 0.4 <= chosen.relevance < 0.6
    assert 0.2 < chosen.presence <= 0.6
    assert chosen.tiou == chosen.accuracy == 1.0


def test_presence_weighs_targets_and_others_alike_within_what_may_be_lost():
    span = (2, 6)
    wanted = [Observation(Moment([span]), curve(0.3, 0.7, span), one) for one in (0.9,) * 19]
    weak = Observation(Moment([span]), curve(0.3, 0.7, span), 0.3)
    absent = [Observation(Moment.empty(), curve(0.2, 0.2, span), one) for one in (0.1, 0.5)]
    chosen = choose([*wanted, weak, *absent], median=1)
    assert 0.5 < chosen.presence <= 0.9  # one of 20 targets is lost, one of two others refused more
    lost = [Observation(Moment([span]), curve(0.3, 0.7, span), 0.3)] * 2
    chosen = choose([*wanted, *lost, *absent], median=1)
    assert 0.1 < chosen.presence <= 0.3  # two would be too many


def test_of_presence_thresholds_that_are_as_good_the_middle_is_taken():
    rows = [
        Observation(Moment([(2, 6)]), curve(0.3, 0.7, (2, 6)), 0.8),
        Observation(Moment.empty(), curve(0.2, 0.2, (0, 0)), 0.2),
    ]
    assert abs(choose(rows, median=1).presence - 0.5) < 0.02


def test_what_cannot_be_separated_is_a_coin():
    rows = [
        Observation(Moment([(0, 3)]), curve(0.5, 0.5, (0, 0)), 0.5),
        Observation(Moment.empty(), curve(0.5, 0.5, (0, 0)), 0.5),
    ]
    assert choose(rows, median=3).accuracy == 0.5


def test_observing_refuses_nothing_and_leaves_the_model_as_it_was():
    config = SimpleNamespace(
        presence_threshold=0.7, selection=SimpleNamespace(presence_threshold=0.6)
    )

    class Answer:
        relevance, presence = (0.1,) * 32, 0.1

    class Model:
        thresholds = ()

        def segment(self, video, sentences):
            self.thresholds += (config.presence_threshold, config.selection.presence_threshold)
            return [Answer()] * len(sentences)

    model = Model()
    model.config = config
    rows = observe(model, "val", videos=2, size=64)
    assert model.thresholds == (0.0,) * 4
    assert (config.presence_threshold, config.selection.presence_threshold) == (0.7, 0.6)
    assert any(row.moment for row in rows)
    assert {len(row.curve) for row in rows} == {32}
