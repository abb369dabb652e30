"""Configurations: earlier keys beside those of now, and values that are no configuration."""

import pytest

from momentvos.grounding.dual.model import DualConfig
from momentvos.mllm.chatunivi.config import ChatUniViConfig
from momentvos.selection.config import SelectionConfig
from momentvos.systems.momentseg.config import MomentSegConfig
from momentvos.systems.tgl.config import TglConfig
from momentvos.systems.vrshq.config import VrsHqConfig

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


CONFIGS = {
    TglConfig: {
        "window": (0, -1, 10**7, 2.5, True, "8", None),
        "rate": (0, -8.0, float("nan"), "8"),
        "relevance_threshold": (-0.1, 1.5, float("nan"), None),
        "relevance_median": (0, 4, -3),
        "presence_threshold": (2, float("inf")),
        "tam_span": (0,),
        "guided_radius": (-1, 10**6),
        "memory": ("some", 3, ["all"]),
        "text_layers": ([-1], ["1"], 3),
        "selection": ({"rate": 0}, {"window": 0}, {"margin": float("nan")}, {"max_tracks": -1}),
    },
    MomentSegConfig: {
        "frames": (0, -8),
        "sigma": (-1.0, float("nan")),
        "context_budget": ([36, 16], [16], [0, 0], 16),
        "answer_limit": (0,),
        "refresh_radius": (-1,),
        "lora": ({"rank": 0}, {"rang": 8}, {"targets": "q_proj"}),
    },
    VrsHqConfig: {"alpha": (-0.1, 2), "window": (0,), "handover": ("none",)},
    SelectionConfig: {"rate": (0,), "relevance_threshold": (float("nan"),)},
    DualConfig: {"side": (0, "64"), "window": (0,), "heads": (-2,), "blocks": (10**7,)},
    ChatUniViConfig: {"event_rate": (0, -1), "clusters": ([0], ["x"]), "neighbours": ([-1],)},
}
IMPOSSIBLE = [
    (kind, name, value)
    for kind, options in CONFIGS.items()
    for name, values in options.items()
    for value in values
]


@pytest.mark.parametrize(("kind", "name", "value"), IMPOSSIBLE)
def test_an_impossible_value_is_refused(kind, name, value):
    with pytest.raises(ValueError, match=r"must be|no '|no option|clusters"):
        kind(**{name: value})


@pytest.mark.parametrize("kind", CONFIGS)
def test_defaults_are_possible(kind):
    kind()
