from fractions import Fraction

import pytest

from momentvos.media.clock import Clock, ClockWatch

PICTURE, SOUND, UNIT = 0, 1, Fraction(1, 90_000)


def watch(pictures, sounds=(), leaps=True):
    """The clock of packets of 0.1 s with these stamps, in file order."""
    watching = ClockWatch(PICTURE, leaps)
    streams = [(PICTURE, pictures), (SOUND, sounds)]
    for number in range(max(len(pictures), len(sounds))):
        for stream, stamps in streams:
            if number < len(stamps):
                stamp = stamps[number]
                watching.see(stream, stamp, stamp, stamp + 0.1)
    return watching.clock(UNIT)


def seconds(clock, stream, stamps):
    return [float(clock.shift(stream, n) + Fraction(stamp)) for n, stamp in enumerate(stamps)]


def run(start, count=20):
    return [start + number / 10 for number in range(count)]


@pytest.mark.parametrize("second", [0.0, 0.5, 7200.0])
def test_a_second_clock_goes_on_where_the_first_ends(second):
    pictures, sounds = run(5.0) + run(second), run(5.0) + run(second)
    clock = watch(pictures, sounds).starting_at(Fraction(5))
    for stream, stamps in ((PICTURE, pictures), (SOUND, sounds)):
        assert seconds(clock, stream, stamps) == pytest.approx(run(0.0, 40), abs=1e-4)


def test_sound_that_breaks_alone_goes_on_where_it_ends():
    sounds = run(5.0) + run(0.0)
    clock = watch(run(5.0, 40), sounds)
    assert clock.shift(PICTURE, 39) == 0
    assert seconds(clock, SOUND, sounds) == pytest.approx(run(5.0, 40), abs=1e-4)


def test_a_hole_in_the_pictures_that_the_sound_bridges_is_a_hole():
    pictures, sounds = run(0.0) + run(22.0), run(0.0, 420)
    watching = ClockWatch(PICTURE, leaps=True)
    packets = [(stamp, PICTURE) for stamp in pictures] + [(stamp, SOUND) for stamp in sounds]
    for stamp, stream in sorted(packets):
        watching.see(stream, stamp, stamp, stamp + 0.1)
    assert seconds(watching.clock(UNIT), PICTURE, pictures) == pytest.approx(pictures)


def test_a_leap_is_true_where_the_format_promises_one_clock():
    assert watch(run(0.0) + run(7200.0), leaps=False) == Clock()


@pytest.mark.parametrize("wrong", [-3.0, 100.0])
@pytest.mark.parametrize("count", [1, 2, 3])
def test_a_few_wrong_stamps_are_no_break(wrong, count):
    pictures = run(5.0, 40)
    pictures[20 : 20 + count] = [stamp + wrong for stamp in pictures[20 : 20 + count]]
    assert watch(pictures) == Clock()
