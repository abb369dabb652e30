"""Configurations: earlier keys beside those of now, and values that are no configuration."""

import pytest

from momentvos.systems.momentseg.config import MomentSegConfig
from momentvos.systems.tgl.config import TglConfig

pytestmark = pytest.mark.filterwarnings("ignore:The configuration's:FutureWarning")


@pytest.mark.parametrize("old", [{"consensus": 4}, {"consensus": 0}, {"judge_rate": 3.0}])
def test_the_key_of_now_counts_where_both_are_given(old):
    assert TglConfig(selection={"max_tracks": 2}, **old).selection.max_tracks == 2
    config = MomentSegConfig(film_frames=3, film_budget=(4, 5), context_frames=7)
    assert (config.context_frames, config.context_budget) == (7, [4, 5])


@pytest.mark.parametrize("value", ["yes", True, 3, [1]])
def test_a_selection_that_is_none_is_named(value):
    with pytest.raises(ValueError, match=r"'selection' of the configuration is"):
        TglConfig(selection=value)


def test_an_option_that_selection_has_not_is_named():
    with pytest.raises(ValueError, match=r"'selection' .* has no option 'max_track'"):
        TglConfig(selection={"max_track": 3})


def test_the_published_copy_leaves_the_configuration_alone():
    config = TglConfig(selection={"max_tracks": 3}, guided_radius=4, moment_reads=False)
    published = config.published()
    assert (published.selection, published.guided_radius, published.moment_reads) == (None, 0, True)
    assert config.selection.max_tracks == 3
    assert (config.guided_radius, config.moment_reads) == (4, False)
