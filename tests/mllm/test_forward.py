"""Positions, states and answers of a tiny Qwen2.5-VL and a tiny Qwen3-VL."""

from dataclasses import replace

import pytest
import torch

from momentvos.mllm import (
    Budget,
    CachedStates,
    Patching,
    Turn,
    collate,
    fit_embeddings,
    generate,
    hidden_states,
    image_input,
    language_loss,
    qwen_config,
    render_chat,
    states_at,
    train_chat_tokenizer,
    video_input,
    word_states,
)


def conversation(tokenizer, patching, frames, said=None):
    image = image_input(frames[0], patching, Budget(4, 9))
    clip = video_input(frames, patching, Budget(1, 4))
    return render_chat(tokenizer, [Turn((clip, "look", image, image, "\nPlease segment."), said)])


def test_positions_of_images_are_transformers(tokenizer, qwen, patching, frames):
    image = image_input(frames[0], patching, Budget(4, 9))
    inputs = collate([render_chat(tokenizer, [Turn(("a", image, "b", image), "c")])], 0)
    kinds = (inputs.ids == qwen.config.image_token_id).int()
    theirs, _ = qwen.model.get_rope_index(
        inputs.ids, kinds, image_grid_thw=inputs.image_grid_thw, attention_mask=inputs.mask
    )
    assert torch.equal(inputs.positions, theirs)


def test_text_goes_on_after_the_largest_position_of_a_film(tokenizer, patching, frames):
    clip = video_input(frames, patching, Budget(4, 9))
    steps, rows, columns = clip.grid[0], clip.grid[1] // 2, clip.grid[2] // 2
    written = render_chat(tokenizer, [Turn((clip, "b"))])
    inputs = collate([written], 0, spacing=2)
    start = written.runs[0][0]
    inside = inputs.positions[:, 0, start : start + clip.tokens] - start
    assert inside[0].unique().tolist() == list(range(0, 2 * steps, 2))
    assert inside[1].max() == rows - 1 and inside[2].max() == columns - 1
    after = inputs.positions[:, 0, start + clip.tokens]
    assert after.tolist() == [start + max(2 * steps - 1, rows, columns)] * 3
    assert (inputs.positions[0, 0].diff() >= -0).all()


@torch.no_grad()
@pytest.mark.parametrize("family", ["qwen", "qwen3"])
def test_padding_changes_nothing(tokenizer, frames, family, request):
    mllm = request.getfixturevalue(family)
    patching = Patching.of(mllm.config)
    long = conversation(tokenizer, patching, frames, "Sure, it is here.")
    short = render_chat(
        tokenizer, [Turn(("the dog", image_input(frames[1], patching, Budget(4, 9))))]
    )
    together = hidden_states(mllm, collate([long, short], 0))
    for row, one in enumerate((long, short)):
        alone = hidden_states(mllm, collate([one], 0))
        torch.testing.assert_close(together[row, : len(one.ids)], alone[0], atol=1e-4, rtol=1e-3)


@torch.no_grad()
@pytest.mark.parametrize("family", ["qwen", "qwen3"])
def test_an_answer_is_what_a_full_pass_would_say_with_the_same_states(
    tokenizer, frames, family, request
):
    mllm = request.getfixturevalue(family)
    patching = Patching.of(mllm.config)
    asked = conversation(tokenizer, patching, frames)
    said = generate(mllm, tokenizer, collate([asked], 0), limit=6)
    count = len(asked.ids)
    assert 0 < len(said.ids) - count <= 6
    assert len(said.hidden) == len(said.ids)
    free = collate([asked], 0)
    new = said.ids[count:]
    places = free.positions.max() + 1 + torch.arange(len(new))
    whole = type(free)(
        ids=said.ids[None],
        mask=torch.ones_like(said.ids[None], dtype=torch.bool),
        positions=torch.cat([free.positions, places.expand(3, 1, -1)], 2),
        labels=said.ids[None],
        **free.vision(),
    )
    hidden = hidden_states(mllm, whole)
    torch.testing.assert_close(said.hidden, hidden[0], atol=1e-4, rtol=1e-3)
    assert torch.equal(mllm.lm_head(hidden[0, count - 1 : -1]).argmax(-1), new)
    assert tokenizer.decode(new).strip() == said.text


@torch.no_grad()
@pytest.mark.parametrize("family", ["qwen", "qwen3"])
def test_a_second_question_about_the_same_film_reads_only_itself(
    tokenizer, frames, family, request
):
    mllm = request.getfixturevalue(family)
    patching = Patching.of(mllm.config)
    clip = video_input(frames, patching, Budget(1, 4))
    cache = CachedStates()
    for text in ("Please segment the dog", "Please segment the cat.", "Please", "Who?", "Who?"):
        asked = collate([render_chat(tokenizer, [Turn((clip, text))])], 0)
        fresh = generate(mllm, tokenizer, asked, limit=4)
        again = generate(mllm, tokenizer, asked, limit=4, cache=cache)
        assert torch.equal(fresh.ids, again.ids)
        torch.testing.assert_close(fresh.hidden, again.hidden, atol=1e-4, rtol=1e-3)
    tokens = mllm.config.video_token_id, mllm.config.image_token_id
    assert cache.shared_prefix(again.ids, *tokens) == len(again.ids) - 1
    assert cache.shared_prefix(asked.ids[0].flip(0), *tokens) == 0


@torch.no_grad()
@pytest.mark.parametrize("family", ["qwen", "qwen3"])
def test_images_behind_the_same_video_are_each_question_s_own(tokenizer, frames, family, request):
    mllm = request.getfixturevalue(family)
    patching = Patching.of(mllm.config)
    clip = video_input(frames, patching, Budget(1, 4))
    first, second = (image_input(frames[k], patching, Budget(1, 4)) for k in (0, 1))
    parts = [
        (clip, "When is it?"),
        (clip, "Shown: ", first, "Who?"),
        (clip, "Shown: ", second, "Who?"),
        (clip, "Shown: ", second, first, "Who?"),
        (clip, "When is it?"),
    ]
    cache, reused = CachedStates(), []
    for one in parts:
        asked = collate([render_chat(tokenizer, [Turn(one)])], 0)
        ids = mllm.config.video_token_id, mllm.config.image_token_id
        reused.append(cache.shared_prefix(asked.ids[0], *ids))
        fresh = generate(mllm, tokenizer, asked, limit=4)
        again = generate(mllm, tokenizer, asked, limit=4, cache=cache)
        assert torch.equal(fresh.ids, again.ids)
        torch.testing.assert_close(fresh.hidden, again.hidden, atol=1e-4, rtol=1e-3)
    assert reused[0] == 0 and all(known > clip.tokens for known in reused[1:])


@torch.no_grad()
def test_an_answer_ends_at_the_end_of_the_turn(tokenizer, qwen, patching, frames):
    asked = collate([conversation(tokenizer, patching, frames)], 0)
    first = int(generate(qwen, tokenizer, asked, limit=1).ids[-1])
    tokenizer = train_chat_tokenizer(["x"], 300)
    tokenizer.eos_token = tokenizer.convert_ids_to_tokens(first)
    said = generate(qwen, tokenizer, asked, limit=5)
    assert said.text == "" and len(said.ids) == asked.ids.shape[1]


def test_the_loss_is_that_of_transformers(tokenizer, qwen, patching, frames):
    inputs = collate(
        [
            conversation(tokenizer, patching, frames, "Sure."),
            render_chat(tokenizer, [Turn(("the dog",), "It is here.")]),
        ],
        0,
    )
    hidden = hidden_states(qwen, inputs)
    theirs = qwen.loss_function(qwen.lm_head(hidden), inputs.labels, qwen.lm_head.out_features)
    torch.testing.assert_close(language_loss(qwen, hidden, inputs.labels), theirs)
    nothing = language_loss(qwen, hidden, torch.full_like(inputs.labels, -100))
    assert nothing == 0 and nothing.requires_grad


def test_states_at_their_own_place_and_one_before():
    ids = torch.tensor([[7, 1, 7, 2], [0, 7, 3, 4], [1, 1, 1, 1]])
    hidden = torch.arange(12.0).view(3, 4, 1)
    own = states_at(hidden, ids, 7)
    before = states_at(hidden, ids, 7, shifted=True)
    assert [state[:, 0].tolist() for state in own] == [[0, 2], [5], []]
    assert [state[:, 0].tolist() for state in before] == [[1], [4], []]


def test_embeddings_grow_only_when_there_is_no_spare_row(tokenizer, qwen):
    from transformers import AutoModelForImageTextToText

    config = qwen_config(tokenizer, hidden=16, heads=2, layers=1, vision=8, vision_heads=2, spare=3)
    mllm = AutoModelForImageTextToText.from_config(config)
    rows = mllm.get_input_embeddings().weight.shape[0]
    mine = train_chat_tokenizer(["x"], 300)
    mine.add_tokens([f"<{k}>" for k in range(rows - len(mine))], special_tokens=True)
    fit_embeddings(mllm, mine)
    assert mllm.get_input_embeddings().weight.shape[0] == rows
    mine.add_tokens(["[ONE MORE]"], special_tokens=True)
    fit_embeddings(mllm, mine)
    assert mllm.get_input_embeddings().weight.shape[0] == mllm.lm_head.out_features == rows + 1


@torch.no_grad()
def test_words_are_told_by_themselves_and_in_their_place(tokenizer, qwen):
    said = collate([render_chat(tokenizer, [Turn(("the dog jumps",), "It is here.")])], 0)
    changed = said.ids.shape[1] - 8
    ids = said.ids.clone()
    ids[0, changed] = ids[0, changed - 1]
    assert not torch.equal(ids, said.ids)
    width = qwen.config.get_text_config().hidden_size
    told = []
    for one in (said, replace(said, ids=ids)):
        states = word_states(qwen, one, hidden_states(qwen, one))
        assert states.shape == (*ids.shape, 2 * width)
        assert states.unflatten(-1, (2, width)).mean(-1).abs().max() < 1e-4
        told.append(states[0].split(width, -1))
    (alone, placed), (other, elsewhere) = told
    same = (ids == said.ids)[0]
    assert torch.equal(alone[same], other[same]), "a word is itself whatever stands before it"
    torch.testing.assert_close(placed[:changed], elsewhere[:changed], atol=1e-4, rtol=1e-3)
    assert not torch.allclose(placed[changed + 1 :], elsewhere[changed + 1 :], atol=1e-2)
