from momentvos.media.timeline import Timeline


def times(stamps, end=float("inf")):
    """Where a timeline puts pieces of 0.1 s that are stamped so."""
    timeline, placed = Timeline(end), []
    for number, stamp in enumerate(stamps):
        placed += timeline.take(number, stamp, 0.1)
    placed += timeline.rest()
    return [(piece, round(begin, 3)) for piece, begin in placed]


def test_pieces_keep_their_times():
    assert times([0.0, 0.1, 0.25, 0.3]) == [(0, 0.0), (1, 0.1), (2, 0.25), (3, 0.3)]


def test_a_gap_that_goes_on_is_kept():
    assert times([0.0, 0.1, 5.0, 5.1]) == [(0, 0.0), (1, 0.1), (2, 5.0), (3, 5.1)]


def test_one_stamp_that_is_far_off_is_not_believed():
    for wrong in (90.0, -90.0):
        assert times([0.0, 0.1, wrong, 0.3]) == [(0, 0.0), (1, 0.1), (2, 0.2), (3, 0.3)]
        assert times([0.0, 0.1, wrong]) == [(0, 0.0), (1, 0.1), (2, 0.2)]


def test_pieces_without_stamps_follow_at_once():
    assert times([0.5, None, None, 0.8]) == [(0, 0.5), (1, 0.6), (2, 0.7), (3, 0.8)]


def test_what_comes_after_a_gap_beyond_the_end_is_left_out():
    assert times([0.0, 0.1, 50.0, 50.1], end=3.0) == [(0, 0.0), (1, 0.1)]
    assert times([0.0, 0.1, 0.2, 0.3], end=0.15) == [(0, 0.0), (1, 0.1), (2, 0.2), (3, 0.3)]
