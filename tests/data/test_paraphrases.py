import re

import numpy as np
import pytest

from momentvos.data.conversations import DatasetConversations, WorldConversations
from momentvos.data.options import ConversationOptions, DataOptions
from momentvos.data.paraphrases import paraphrases
from momentvos.data.world import WORDS
from momentvos.data.world.atlas import categories, category
from momentvos.errors import DataError

SAY = ConversationOptions(tasks={"say": 1.0})


@pytest.mark.parametrize("split", ["train", "val", "test"])
def test_only_words_of_the_world_are_said(split):
    known = set(WORDS())
    for pair in paraphrases(np.random.default_rng(0), split, 200):
        for sentence in pair:
            assert set(re.findall(r"[a-z-]+", sentence)) <= known, sentence


def test_both_wordings_name_the_same_things():
    names = {form: name for name in categories() for form in (name, category(name).plural)}
    pattern = re.compile("|".join(rf"\b{form}\b" for form in sorted(names, key=len, reverse=True)))
    different = 0
    for one, two in paraphrases(np.random.default_rng(1), "train", 200):
        first, second = ([names[form] for form in pattern.findall(text)] for text in (one, two))
        assert sorted(first) == sorted(second) != []
        different += one != two
    assert different > 120


def test_conversations_with_nothing_to_see_depend_on_seed_and_number_alone():
    data = DataOptions(videos=3, expressions=2)
    batch = WorldConversations(data, SAY, seed=4).batch(7)
    assert (
        batch
        == WorldConversations(data, SAY, seed=4).batch(7)
        != WorldConversations(data, SAY, seed=4).batch(8)
    )
    for row in batch.rows:
        assert len(row.sentences) == len(row.paraphrases) == 2
        assert row.context is None and row.images is None and row.masks is None


def test_said_and_shown_mix_within_a_batch():
    tasks = ConversationOptions(tasks={"say": 1.0, "ask": 1.0}, context_frames=0)
    rows = WorldConversations(DataOptions(videos=12, size=32), tasks).batch(0).rows
    assert {bool(row.paraphrases) for row in rows} == {True, False}
    assert all(bool(row.paraphrases) != bool(row.turns) for row in rows)


def test_videos_of_a_data_set_have_nothing_to_say():
    with pytest.raises(DataError, match="nothing for the tasks say"):
        DatasetConversations([], DataOptions(), SAY)
