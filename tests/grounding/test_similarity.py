"""Grounders that compare frames with sentences: against the library's own answers."""

import numpy as np
import pytest
import torch
from transformers import AutoModel, AutoTokenizer, Blip2ForImageTextRetrieval
from transformers.models.auto.image_processing_auto import AutoImageProcessor

from momentvos.errors import ModelError
from momentvos.grounding import build
from momentvos.moment import Moment

SENTENCES = ["the dog that jumps", "a red square moves left"]


def pictures(video) -> list[np.ndarray]:
    return [frame.rgb for frame in video.frames()]


def curves(answers) -> np.ndarray:
    return np.array([answer.relevance for answer in answers])


def rescaled(scores: torch.Tensor) -> np.ndarray:
    low, high = scores.amin(1, keepdim=True), scores.amax(1, keepdim=True)
    return ((scores - low) / (high - low)).numpy()


@torch.no_grad()
def test_clip_scores_as_the_library_does(clip, clip_folder):
    answers = build(f"clip={clip_folder}:3", "cpu").ground(clip, SENTENCES)
    model = AutoModel.from_pretrained(clip_folder)
    texts = AutoTokenizer.from_pretrained(clip_folder)(SENTENCES, padding=True, return_tensors="pt")
    pixels = AutoImageProcessor.from_pretrained(clip_folder)(pictures(clip), return_tensors="pt")
    scores = model(
        input_ids=texts["input_ids"], attention_mask=texts["attention_mask"], **pixels
    ).logits_per_text
    assert np.allclose(curves(answers), rescaled(scores), atol=1e-4)
    for answer, row in zip(answers, scores, strict=True):
        assert list(answer.frames) == row.topk(3).indices.tolist()
        assert answer.moment == Moment.from_frames(answer.frames)


@torch.no_grad()
def test_siglip_scores_are_the_librarys_probabilities(clip, siglip_folder):
    answers = build(f"siglip2={siglip_folder}@0.1", "cpu").ground(clip, SENTENCES)
    model = AutoModel.from_pretrained(siglip_folder)
    texts = AutoTokenizer.from_pretrained(siglip_folder)(
        SENTENCES, padding="max_length", max_length=32, return_tensors="pt"
    )
    pixels = AutoImageProcessor.from_pretrained(siglip_folder)(pictures(clip), return_tensors="pt")
    probabilities = model(input_ids=texts["input_ids"], **pixels).logits_per_text.sigmoid()
    assert np.allclose(curves(answers), probabilities.numpy(), atol=1e-4)
    for answer, row in zip(answers, probabilities, strict=True):
        assert answer.moment == Moment.from_flags((row > 0.1).tolist())


@torch.no_grad()
@pytest.mark.parametrize("head", ["itm", "itc"])
def test_blip2_scores_as_the_library_does(clip, blip2_folder, head):
    answers = build(f"blip2={blip2_folder}~{head}", "cpu").ground(clip, SENTENCES)
    model = Blip2ForImageTextRetrieval.from_pretrained(blip2_folder)
    pixels = AutoImageProcessor.from_pretrained(blip2_folder)(pictures(clip), return_tensors="pt")
    tokenizer = AutoTokenizer.from_pretrained(blip2_folder)
    for answer, sentence in zip(answers, SENTENCES, strict=True):
        text = tokenizer([sentence] * len(clip), return_tensors="pt")
        logits = model(
            input_ids=text["input_ids"],
            attention_mask=text["attention_mask"],
            use_image_text_matching_head=head == "itm",
            **pixels,
        ).logits_per_image
        expected = logits.softmax(1)[None, :, 1] if head == "itm" else logits[None, :, 0]
        expected = expected.numpy() if head == "itm" else rescaled(expected)
        assert np.allclose(answer.relevance, expected[0], atol=1e-3)


@torch.no_grad()
def test_xclip_frames_take_the_mean_of_their_windows(clip, xclip_folder):
    (answer,) = build(f"xclip={xclip_folder}:1", "cpu").ground(clip, SENTENCES[:1])
    model = AutoModel.from_pretrained(xclip_folder)
    images = AutoImageProcessor.from_pretrained(xclip_folder)
    text = AutoTokenizer.from_pretrained(xclip_folder)(SENTENCES[:1], return_tensors="pt")
    frames = pictures(clip)
    total, count = torch.zeros(len(clip)), torch.zeros(len(clip))
    for start in range(0, len(clip) - 3, 2):
        pixels = images(frames[start : start + 4], return_tensors="pt")
        logits = model(
            input_ids=text["input_ids"], attention_mask=text["attention_mask"], **pixels
        ).logits_per_video
        total[start : start + 4] += logits[0, 0]
        count[start : start + 4] += 1
    assert np.allclose(answer.relevance, rescaled((total / count)[None])[0], atol=1e-3)


def test_xclip_takes_a_video_shorter_than_its_window(write_frames, xclip_folder):
    from momentvos.media import Video

    (answer,) = build(f"xclip={xclip_folder}", "cpu").ground(
        Video.open(write_frames(2), fps=8), ["dog"]
    )
    assert answer.moment == Moment([(0, 1)])


def test_frames_are_embedded_once_for_all_sentences(clip, clip_folder):
    grounder = build(f"clip={clip_folder}", "cpu")
    calls = []
    grounder.scorer.model.vision_model.register_forward_hook(
        lambda module, inputs, output: calls.append(1)
    )
    grounder.ground(clip, SENTENCES)
    once = len(calls)
    grounder.ground(clip, [f"{text} again" for text in SENTENCES * 3])
    assert once == len(calls) - once == 2  # blocks of 16 frames


def test_only_some_frames_a_second_are_looked_at(write_frames, clip_folder):
    from momentvos.media import Video

    fast = Video.open(write_frames(60), fps=32)
    (answer,) = build(f"clip={clip_folder}:40", "cpu").ground(fast, ["dog"])
    assert sorted(answer.frames) == list(range(0, 60, 4))
    assert answer.relevance[5] == answer.relevance[4] and answer.relevance[7] == answer.relevance[8]


def test_chooses_inside_what_is_allowed_only(clip, clip_folder):
    grounder = build(f"clip={clip_folder}:3", "cpu")
    inside = [Moment([(2, 5), (9, 9)]), Moment.empty()]
    first, second = grounder.ground(clip, SENTENCES, inside)
    assert not first.moment - inside[0]
    assert len(first.moment) == 3
    assert all(value == 0 for frame, value in enumerate(first.relevance) if frame not in inside[0])
    assert not second.found


def test_a_long_sentence_is_cut_and_that_is_said(clip, clip_folder):
    (answer,) = build(f"clip={clip_folder}", "cpu").ground(clip, ["dog " * 50])
    assert "cut off after 32" in answer.notes[0]


def test_says_what_to_do_without_weights(tmp_path, clip_folder, monkeypatch):
    with pytest.raises(ModelError, match="There is no folder"):
        build(f"clip={tmp_path / 'none'}", "cpu")
    with pytest.raises(ModelError, match="cannot be used for the grounder 'blip2'"):
        (tmp_path / "empty").mkdir()
        build(f"blip2={tmp_path / 'empty'}", "cpu")
    with pytest.raises(ModelError, match="is a model of type 'clip', not 'xclip'"):
        build(f"xclip={clip_folder}", "cpu")


def test_says_what_to_fetch_without_a_network(monkeypatch):
    import huggingface_hub

    def offline(*args, **kwargs):
        raise OSError("no network")

    monkeypatch.setattr(huggingface_hub, "get_hf_file_metadata", offline)
    with pytest.raises(ModelError, match=r"hf download openai/clip-vit-large-patch14-336 .*FOLDER"):
        build("clip:4", "cpu")


def test_weights_that_lack_a_part_are_refused(tmp_path, clip_folder):
    import shutil

    from safetensors.torch import load_file, save_file

    folder = shutil.copytree(clip_folder, tmp_path / "part")
    tensors = load_file(folder / "model.safetensors")
    del tensors["visual_projection.weight"]
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(ModelError, match="lack visual_projection"):
        build(f"clip={folder}", "cpu")
