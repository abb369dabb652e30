"""Chat-UniVi: merging by density peaks, conversations in Vicuna's form, and the model."""

import copy
import importlib.util

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from transformers import AutoConfig, AutoModelForImageTextToText, CLIPImageProcessor

from momentvos.errors import VideoError
from momentvos.mllm import (
    CachedStates,
    Lora,
    Turn,
    add_lora,
    add_tokens,
    chatunivi,
    collate,
    fit_embeddings,
    generate,
    hidden_states,
    language_loss,
    merge_lora,
    train_chat_tokenizer,
)
from momentvos.mllm.chatunivi import ChatUniViConfig, image_input, render_chat, video_input
from momentvos.mllm.chatunivi.merge import cluster, events, image_tokens, merge, video_tokens

SIDE, PATCH = 16, 4
has_peft = importlib.util.find_spec("peft") is not None


@pytest.fixture(scope="module")
def words():
    return train_chat_tokenizer(["USER: Please segment the dog. ASSISTANT: Sure, it is."], 400)


@pytest.fixture(scope="module")
def config(words):
    vision = {
        "hidden_size": 8,
        "intermediate_size": 16,
        "num_hidden_layers": 3,
        "num_attention_heads": 2,
        "image_size": SIDE,
        "patch_size": PATCH,
        "projection_dim": 8,
    }
    text = {
        "vocab_size": len(words) + 4,
        "hidden_size": 16,
        "intermediate_size": 24,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "num_key_value_heads": 2,
        "eos_token_id": words.eos_token_id,
        "bos_token_id": None,
    }
    return ChatUniViConfig(
        vision_config=vision,
        text_config=text,
        clusters=(6, 4, 2),
        neighbours=(3, 3, 3),
        event_rate=0.5,
    )


@pytest.fixture(scope="module")
def mllm(config):
    chatunivi.register()
    torch.manual_seed(0)
    model = AutoModelForImageTextToText.from_config(config)
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, std=0.3)
    return model.eval()


def drawn(seed, *shape):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


# --- merging ---


@settings(max_examples=40)
@given(st.integers(0, 10**6), st.integers(1, 20), st.data())
def test_every_patch_is_in_one_cluster_and_no_cluster_is_empty(seed, length, data):
    count = data.draw(st.integers(1, length))
    alike = data.draw(st.booleans())
    tokens = drawn(seed, 2, length, 5)
    if alike:
        tokens = tokens[:, torch.randint(length, (length,)) // 3]  # many of them equal
    found = cluster(tokens, count, 5)
    assert found.shape == (2, length)
    for row, points in zip(found, tokens, strict=True):
        assert sorted(set(row.tolist())) == list(range(count))
        merged = merge(points[None], row[None], count)[0]
        for number, mean in enumerate(merged):
            torch.testing.assert_close(mean, points[row == number].mean(0), atol=1e-4, rtol=1e-4)
    assert torch.equal(found, cluster(tokens.clone(), count, 5))


def test_clear_groups_are_found():
    centres = torch.tensor([[0.0, 0.0], [10.0, 0.0], [0.0, 10.0]])
    tokens = (centres.repeat_interleave(7, 0) + 0.1 * drawn(0, 21, 2))[None]
    found = cluster(tokens, 3, 5)[0].view(3, 7)
    assert (found == found[:, :1]).all() and len(found[:, 0].unique()) == 3


def test_equal_tokens_are_shared_out_the_same_way_each_time():
    found = cluster(torch.ones(1, 9, 4), 3, 5)
    assert found.unique().tolist() == [0, 1, 2]
    assert torch.equal(found, cluster(torch.ones(1, 9, 4), 3, 5))


def reference(x, count, k):
    """The public program's steps, in loops and in 64 bits, for tokens of different density."""
    length, width = x.shape
    apart = ((x[:, None] - x[None]) ** 2).sum(-1).sqrt() / width**0.5
    k = min(3, max(count // 2, 1)) if k > count else k
    density = [float(np.exp(-float((row.sort().values[:k] ** 2).mean()))) for row in apart]
    score = []
    for i in range(length):
        denser = [float(apart[i, j]) for j in range(length) if density[j] > density[i]]
        score.append(min(denser, default=float(apart.max())) * density[i])
    best = sorted(range(length), key=lambda i: -score[i])[:count]
    return [best.index(i) if i in best else int(apart[best, i].argmin()) for i in range(length)]


@pytest.mark.parametrize("seed", range(5))
def test_clusters_are_those_of_the_public_program(seed):
    tokens = drawn(seed, 24, 6).double()
    for count, k in ((12, 5), (6, 3), (5, 4)):
        found = cluster(tokens[None].float(), count, k)[0].tolist()
        assert found == reference(tokens, count, k)


def test_tokens_of_a_picture_stand_step_by_step():
    patches = drawn(1, 2, 16, 8)
    tokens = image_tokens(patches, (6, 4, 2), (3, 3, 3))
    assert tokens.shape == (2, 12, 8)
    first = merge(patches, cluster(patches, 6, 3), 6)
    assert torch.equal(tokens[:, :6], first)
    assert torch.equal(tokens[:, 6:10], merge(first, cluster(first, 4, 3), 4))


def test_a_film_has_one_set_of_tokens_an_event_in_time_order():
    scene = drawn(2, 2, 16, 8).repeat_interleave(4, 0)
    patches = scene + 1e-3 * drawn(3, 8, 16, 8)
    assert events(patches, 2, 5) == [[0, 1, 2, 3], [4, 5, 6, 7]]
    tokens = video_tokens(patches, (6, 4, 2), (3, 3, 3), 2, 5)
    assert tokens.shape == (2 * 12, 8)
    again = video_tokens(patches[:4], (6, 4, 2), (3, 3, 3), 1, 5)
    torch.testing.assert_close(tokens[:12], again)


def test_gradients_reach_every_patch():
    patches = drawn(4, 1, 16, 8).requires_grad_()
    image_tokens(patches, (6, 4, 2), (3, 3, 3)).square().sum().backward()
    assert (patches.grad.abs().sum(-1) > 0).all()


# --- pictures and words ---


def test_the_published_size_has_112_tokens_a_picture():
    assert ChatUniViConfig().tokens == 112
    assert [ChatUniViConfig().events(frames) for frames in (1, 16, 17, 64)] == [1, 1, 2, 4]
    with pytest.raises(ValueError, match="clusters"):
        ChatUniViConfig(clusters=(300, 32, 16))


@pytest.mark.parametrize("size", [(40, 56), (91, 33), (16, 16), (7, 9)])
def test_pixels_are_clips_own(config, size):
    rgb = np.random.default_rng(0).integers(0, 256, (*size, 3), dtype=np.uint8)
    theirs = CLIPImageProcessor(
        size={"shortest_edge": SIDE}, crop_size={"height": SIDE, "width": SIDE}, use_fast=False
    )(rgb, return_tensors="pt")["pixel_values"]
    ours = image_input(rgb, config)
    assert ours.tokens == 12 and ours.shown == (SIDE, SIDE)
    assert (ours.note is None) == (size[0] * size[1] <= SIDE * SIDE)
    torch.testing.assert_close(ours.patches.view(theirs.shape), theirs, atol=0.016, rtol=0)


def test_a_line_is_no_picture(config):
    with pytest.raises(VideoError, match="narrow"):
        image_input(np.zeros((1, 300, 3), np.uint8), config)


def test_a_conversation_reads_as_vicunas(words, config, frames):
    tokenizer = copy.deepcopy(words)
    ours = add_tokens(tokenizer, ["[SEG]", "[TAK]"])
    one = image_input(frames[0], config)
    turns = [
        Turn(("Look: (0)", one, ", (1)", one, " \nthe dog[SEG]?"), "Sure, (0) [SEG], [TAK]."),
        Turn(("And?",)),
    ]
    written = render_chat(tokenizer, turns)
    start = [place for place, _ in written.runs]
    assert [written.ids[place : place + 12] for place in start] == [(-200,) * 12] * 2
    text = tokenizer.decode([number for number in written.ids if number >= 0])
    assert text == (
        f"{chatunivi.SYSTEM} USER: Look: (0), (1) \nthe dog[SEG]? ASSISTANT:"
        "Sure, (0)[SEG],[TAK].<|im_end|>USER: And? ASSISTANT:"
    )
    assert written.ids.count(ours["[SEG]"]) == written.ids.count(ours["[TAK]"]) == 1
    learned = [label for label in written.labels if label != -100]
    assert tokenizer.decode(learned) == "Sure, (0)[SEG],[TAK].<|im_end|>"
    nasty = render_chat(tokenizer, [Turn(("dog<|im_end|>[TAK]",))], None)
    assert tokenizer.eos_token_id not in nasty.ids and ours["[TAK]"] not in nasty.ids


# --- the model ---


def asked(words, config, frames, said=None):
    one, two = image_input(frames[0], config), video_input(frames, config)
    return render_chat(words, [Turn(("(0)", one, two, " Please segment the dog."), said)])


@torch.no_grad()
def test_visual_tokens_stand_where_they_belong(words, config, mllm, frames):
    inputs = collate([asked(words, config, frames)], 0, spacing=1)
    assert torch.equal(inputs.positions[0, 0], torch.arange(inputs.ids.shape[1]))
    embedded = mllm.model.embed(
        inputs.ids, inputs.pixel_values, inputs.pixel_values_videos, inputs.video_grid_thw
    )
    table = mllm.get_input_embeddings().weight
    text = inputs.ids >= 0
    assert torch.equal(embedded[text], table[inputs.ids[text]])
    assert torch.equal(embedded[inputs.ids == -200], mllm.model.image_tokens(inputs.pixel_values))
    assert torch.equal(
        embedded[inputs.ids == -201], mllm.model.video_tokens(inputs.pixel_values_videos)
    )
    assert int((inputs.ids == -201).sum()) == config.events(5) * 12 == 36
    with pytest.raises(ValueError, match="places"):
        late = int((inputs.ids[0] == -200).nonzero()[0]) + 1
        mllm.model.embed(inputs.ids[:, late:], inputs.pixel_values, None, None)


@torch.no_grad()
def test_features_are_those_before_the_last_layer(config, mllm):
    tower, pixels = mllm.model.vision_tower, drawn(0, 2, 3 * SIDE * SIDE)
    states = tower.pre_layrnorm(tower.embeddings(pixels.view(2, 3, SIDE, SIDE)))
    for layer in tower.encoder.layers[:-1]:
        out = layer(states, None)
        states = out[0] if isinstance(out, tuple) else out
    torch.testing.assert_close(mllm.model.patches(pixels), states[:, 1:])


@torch.no_grad()
def test_padding_changes_nothing(words, config, mllm, frames):
    long = asked(words, config, frames, "Sure.")
    short = render_chat(
        words, [Turn((image_input(frames[1], config), "dog", video_input(frames[:2], config)))]
    )
    together = hidden_states(mllm, collate([long, short], 0, 1))
    for row, one in enumerate((long, short)):
        alone = hidden_states(mllm, collate([one], 0, 1))
        torch.testing.assert_close(together[row, : len(one.ids)], alone[0], atol=1e-4, rtol=1e-3)


@torch.no_grad()
def test_answers_go_on_from_what_was_heard_and_are_what_generate_says(words, config, mllm, frames):
    cache = CachedStates()
    for text in ("Please segment the dog.", "Please segment the cat.", "Who?"):
        written = render_chat(words, [Turn((video_input(frames, config), text))])
        inputs = collate([written], 0, 1)
        fresh = generate(mllm, words, inputs, limit=5)
        again = generate(mllm, words, inputs, limit=5, cache=cache)
        assert torch.equal(fresh.ids, again.ids)
        torch.testing.assert_close(fresh.hidden, again.hidden, atol=1e-4, rtol=1e-3)
        theirs = mllm.generate(
            inputs.ids,
            attention_mask=inputs.mask.long(),
            max_new_tokens=5,
            do_sample=False,
            pad_token_id=0,
            **inputs.vision(),
        )[0]
        said = len(fresh.ids) - len(written.ids)
        assert torch.equal(theirs[: len(written.ids) + said], fresh.ids)


def test_the_loss_is_that_of_forward_and_gradients_flow(words, config, mllm, frames):
    model = copy.deepcopy(mllm).train()
    model.gradient_checkpointing_enable()
    inputs = collate([asked(words, config, frames, "Sure, it is.")], 0, 1)
    hidden = hidden_states(model, inputs)
    loss = language_loss(model, hidden, inputs.labels)
    theirs = model(
        input_ids=inputs.ids,
        attention_mask=inputs.mask.long(),
        labels=inputs.labels,
        **inputs.vision(),
    )
    torch.testing.assert_close(loss, theirs.loss)
    loss.backward()
    still = [name for name, one in model.named_parameters() if one.grad is None]
    assert all("vision_tower" in name for name in still)  # its last layer is never read
    assert {name.split(".")[3] for name in still if ".encoder." in name} == {"layers"}
    assert model.model.projector.weight.grad.abs().sum() > 0
    assert model.model.vision_tower.embeddings.patch_embedding.weight.grad.abs().sum() > 0


@torch.no_grad()
def test_saved_and_loaded_it_is_the_same(words, config, mllm, frames, tmp_path):
    mllm.save_pretrained(tmp_path)
    loaded = AutoModelForImageTextToText.from_pretrained(tmp_path)
    assert type(AutoConfig.from_pretrained(tmp_path)) is ChatUniViConfig
    assert loaded.config.clusters == [6, 4, 2] and loaded.config.image_token_id == -200
    state = loaded.state_dict()
    assert all(torch.equal(weight, state[name]) for name, weight in mllm.state_dict().items())
    inputs = collate([asked(words, config, frames)], 0, 1)
    torch.testing.assert_close(hidden_states(loaded, inputs), hidden_states(mllm, inputs))


@torch.no_grad()
def test_half_precision_speaks(words, config, mllm, frames):
    inputs = collate([asked(words, config, frames)], 0, 1)
    states = hidden_states(copy.deepcopy(mllm).bfloat16(), inputs)
    assert states.dtype == torch.bfloat16 and states.isfinite().all()


def test_embeddings_grow_with_the_tokenizer(words, mllm):
    model, tokenizer = copy.deepcopy(mllm), copy.deepcopy(words)
    tokenizer.add_tokens([f"<{k}>" for k in range(7)], special_tokens=True)
    fit_embeddings(model, tokenizer)
    assert model.get_input_embeddings().weight.shape[0] == len(tokenizer)
    assert model.lm_head.weight.shape[0] == model.config.text_config.vocab_size == len(tokenizer)


@pytest.mark.skipif(not has_peft, reason="peft is not installed")
def test_adapters_sit_in_llama_alone(words, config, mllm, frames):
    model = copy.deepcopy(mllm)
    inputs = collate([asked(words, config, frames)], 0, 1)
    before = hidden_states(model, inputs)
    add_lora(model, Lora(2, 4, 0.0, ("q_proj", "v_proj")))
    model.eval()
    adapted = [name for name, _ in model.named_parameters() if "lora_" in name]
    assert len(adapted) == 2 * 2 * 2 and all("language_model" in name for name in adapted)
    torch.testing.assert_close(hidden_states(model, inputs), before)
    merge_lora(model)
    assert set(model.state_dict()) == set(mllm.state_dict())
