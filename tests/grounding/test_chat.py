"""Chat models as grounders: what they are shown, and how strictly they are read."""

from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from momentvos.errors import ModelError, SentenceError
from momentvos.grounding import AnswerError, build
from momentvos.grounding.chat import parse
from momentvos.grounding.chat.grounder import ChatGrounder
from momentvos.moment import Moment

seconds = st.integers(0, 9999).map(lambda tenths: tenths / 10)
spans = st.lists(st.tuples(seconds, seconds).map(sorted).map(tuple), max_size=5)


class Scripted:
    """A chat model that gives one answer and keeps what it was asked."""

    def __init__(self, answer: str) -> None:
        self.answer = answer

    def generate(self, parts) -> str:
        self.pictures = [part for part in parts if not isinstance(part, str)]
        self.text = "".join(part for part in parts if isinstance(part, str))
        return self.answer


def ask(clip, answer, form="span", inside=None, **options):
    grounder = ChatGrounder("chat", Scripted(answer), form, **options)
    return grounder.ground(clip, ["the dog"], inside)[0]


@given(spans)
def test_pairs_are_read_back(chosen):
    text = str([list(span) for span in chosen])
    assert parse.pairs(text) == chosen
    assert parse.pairs(f" ```json\n{text}\n``` ") == chosen
    assert parse.pairs(f"{text}.") == chosen
    assert parse.pairs(f"It is {text}") is None


@given(st.lists(st.integers(1, 16), unique=True, max_size=4))
def test_numbers_are_read_back(chosen):
    assert parse.numbers(str(chosen), 16, 4) == chosen
    assert parse.numbers(f"Frames {chosen}", 16, 4) is None


@given(st.text(max_size=60))
def test_any_answer_is_read_or_refused(text):
    for found in (parse.pairs(text), parse.numbers(text, 9, 4)):
        assert found is None or isinstance(found, list)
    share = parse.share(text)
    assert share is None or 0 <= share <= 1


@pytest.mark.parametrize(
    "text", ["", "[[4, 2]]", "[1, 2]", "[[1]]", "[[1, 2, 3]]", "[[1, 2],]", "[[-1, 2]]", "[[a, b]]"]
)
def test_what_is_no_list_of_pairs_is_refused(text):
    assert parse.pairs(text) is None


@pytest.mark.parametrize("text", ["[0]", "[17]", "[1, 1]", "[1, 2, 3, 4, 5]", "1, 2", "[1.5]"])
def test_what_is_no_list_of_frames_is_refused(text):
    assert parse.numbers(text, 16, 4) is None


def test_a_share_of_the_video():
    assert parse.share("40%") == parse.share("40 %.") == 0.4
    assert parse.share("101%") is None and parse.share("about 40%") is None
    assert parse.share("40%", 10) == 0.4 and parse.share("45%", 10) is None


def test_shows_frames_with_numbers_and_times(clip):
    grounder = ChatGrounder("chat", Scripted("[]"), frames=5)
    grounder.ground(clip, ["the dog"])
    model = grounder.model
    assert len(model.pictures) == 5
    assert "Frame 1, 0.0 s: " in model.text and "Frame 5, 2.4 s: " in model.text
    assert '"the dog"' in model.text and "2.5 seconds" in model.text
    last = next(iter(clip.read([19]))).rgb
    assert np.array_equal(model.pictures[-1], last)


def test_a_span_is_the_frames_on_screen_then(clip):
    answer = ask(clip, "[[0.5, 1.0], [2.4, 9]]")
    assert answer.moment == Moment([(4, 7), (19, 19)])
    assert answer.answer == "[[0.5, 1.0], [2.4, 9]]"
    assert ask(clip, "[[1.0, 1.0]]").moment == Moment([(8, 8)])
    assert not ask(clip, "[]").found
    assert ask(clip, "[[0, 1]]", inside=[Moment([(6, 12)])]).moment == Moment([(6, 7)])


def test_frames_are_named_by_their_number_among_the_shown(clip):
    answer = ask(clip, "[2, 1]", "frames", [Moment([(4, 5)])])
    assert answer.frames == (5, 4)
    assert answer.relevance[4:7] == (1.0, 1.0, 0.0)
    assert ask(clip, "[16]", "frames").frames == (19,)


def test_percentages_point_at_one_frame(clip):
    assert ask(clip, "100%", "percent").frames == (19,)
    assert ask(clip, "50%", "tenths", [Moment([(2, 4)])]).frames == (3,)


def test_a_question_is_asked_again_until_its_answer_can_be_read(clip):
    answers = iter(["from 1 to 2", "[[0, 1]]"])
    model = Scripted("")
    asked = []

    def generate(parts):
        asked.append(parts)
        return next(answers)

    model.generate = generate
    (answer,) = ChatGrounder("chat", model).ground(clip, ["the dog"])
    assert answer.moment == Moment([(0, 7)])
    assert answer.answer == "[[0, 1]]"
    assert asked[1][0].startswith("Your last answer could not be read: it is not a list of [start")
    assert asked[1][1:] == asked[0]


@pytest.mark.parametrize("form", ["span", "frames", "percent", "tenths"])
def test_an_unreadable_answer_is_an_error_unless_asked_otherwise(clip, form):
    with pytest.raises(AnswerError, match=r"answered 'I see a dog'.*~or-all"):
        ask(clip, "I see a dog", form)
    everything = ask(clip, "I see a dog", form, fallback="all")
    assert everything.moment == Moment.all(20)
    assert everything.answer == "I see a dog"
    assert "every frame was taken" in everything.notes[0]
    nothing = ask(clip, "I see a dog", form, fallback="none")
    assert not nothing.found and "no frame was taken" in nothing.notes[0]


def test_a_span_past_the_end_cannot_be_meant(clip):
    with pytest.raises(AnswerError):
        ask(clip, "[[60, 70]]")


@pytest.fixture(scope="session")
def qwen_folder(tmp_path_factory) -> Path:
    from transformers import AutoModelForImageTextToText

    from momentvos.mllm import qwen_config, train_chat_tokenizer

    torch.manual_seed(0)
    tokenizer = train_chat_tokenizer(["During which seconds is it true?"], 300)
    config = qwen_config(
        tokenizer,
        hidden=32,
        layers=1,
        heads=2,
        feed_forward=48,
        vision=16,
        vision_layers=2,
        vision_heads=2,
        patch=4,
        full=(1,),
    )
    folder = tmp_path_factory.mktemp("weights") / "qwen"
    AutoModelForImageTextToText.from_config(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def qwen3_folder(tmp_path_factory) -> Path:
    from transformers import AutoModelForImageTextToText, Qwen3VLConfig

    from momentvos.mllm import qwen_config, train_chat_tokenizer

    torch.manual_seed(0)
    tokenizer = train_chat_tokenizer(["How far into the video?"], 300)
    like = qwen_config(tokenizer)
    text = {
        "vocab_size": len(tokenizer),
        "hidden_size": 32,
        "intermediate_size": 48,
        "num_hidden_layers": 1,
        "num_attention_heads": 2,
        "num_key_value_heads": 2,
        "head_dim": 16,
        "rope_parameters": {
            "rope_type": "default",
            "rope_theta": 10000.0,
            "mrope_section": [4, 2, 2],
            "mrope_interleaved": True,
        },
    }
    vision = {
        "depth": 1,
        "hidden_size": 16,
        "intermediate_size": 32,
        "num_heads": 2,
        "patch_size": 4,
        "out_hidden_size": 32,
        "num_position_embeddings": 64,
        "deepstack_visual_indexes": [0],
    }
    names = ("image_token_id", "video_token_id", "vision_start_token_id", "vision_end_token_id")
    numbers = {name: getattr(like, name) for name in names}
    config = Qwen3VLConfig(text_config=text, vision_config=vision, **numbers)
    folder = tmp_path_factory.mktemp("weights") / "qwen3"
    AutoModelForImageTextToText.from_config(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def llava_folder(tmp_path_factory, vision) -> Path:
    from transformers import LlavaConfig, LlavaForConditionalGeneration, LlavaProcessor
    from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil

    from momentvos.text import train_tokenizer

    torch.manual_seed(0)
    tokenizer = train_tokenizer(["during which seconds is it true? yes no yes no"], 400)
    tokenizer.add_special_tokens({"additional_special_tokens": ["<image>"]})
    text = {
        "model_type": "llama",
        "vocab_size": len(tokenizer),
        "hidden_size": 16,
        "intermediate_size": 32,
        "num_hidden_layers": 1,
        "num_attention_heads": 2,
        "num_key_value_heads": 2,
    }
    config = LlavaConfig(
        text_config=text,
        vision_config=vision | {"model_type": "clip_vision_model"},
        image_token_index=tokenizer.convert_tokens_to_ids("<image>"),
    )
    square = {"height": 32, "width": 32}
    template = (
        "{% for m in messages %}{% for c in m['content'] %}{% if c['type'] == 'image' %}<image>"
        "{% else %}{{ c['text'] }}{% endif %}{% endfor %}{% endfor %}"
    )
    processor = LlavaProcessor(
        image_processor=CLIPImageProcessorPil(size={"shortest_edge": 32}, crop_size=square),
        tokenizer=tokenizer,
        patch_size=16,
        vision_feature_select_strategy="default",
        chat_template=template,
        num_additional_image_tokens=1,
    )
    folder = tmp_path_factory.mktemp("weights") / "llava"
    LlavaForConditionalGeneration(config).save_pretrained(folder)
    processor.save_pretrained(folder)
    return folder


def test_qwen_answers_something(clip, qwen_folder):
    grounder = build(f"qwen2.5-vl={qwen_folder}~or-none", "cpu")
    (answer,) = grounder.ground(clip, ["the dog <|im_end|>"])
    assert answer.answer is not None and answer.notes


def test_llava_answers_something(clip, llava_folder):
    grounder = build(f"llava={llava_folder}~frames:2~or-all", "cpu")
    (answer,) = grounder.ground(clip, ["the dog"])
    assert answer.answer is not None
    with pytest.raises(SentenceError, match="'<image>'"):
        grounder.ground(clip, ["the <image> dog"])


def test_more_than_a_chat_model_can_read_is_refused(clip, llava_folder):
    grounder = build(f"llava={llava_folder}", "cpu")
    grounder.model.model.config.text_config.max_position_embeddings = 200
    with pytest.raises(ModelError, match="16 frames and the question take"):
        grounder.ground(clip, ["the dog"])


def test_qwen3_answers_something(clip, qwen3_folder):
    (answer,) = build(f"qwen3-vl={qwen3_folder}~percent~or-none", "cpu").ground(clip, ["the dog"])
    assert answer.answer is not None


def test_a_chat_model_of_another_kind_is_refused(qwen_folder):
    with pytest.raises(ModelError, match="'qwen2_5_vl', not 'qwen3_vl'"):
        build(f"qwen3-vl={qwen_folder}", "cpu")


def test_chat_models_answer_in_half_precision(half, clip, qwen_folder, llava_folder):
    for spec in (f"qwen2.5-vl={qwen_folder}~or-all", f"chat={llava_folder}~or-all"):
        (answer,) = build(spec, "cpu").ground(clip, ["the dog"])
        assert answer.answer is not None


@pytest.mark.parametrize("folder", ["qwen_folder", "qwen3_folder", "llava_folder"])
def test_yes_and_no_are_read_from_the_logits_of_the_first_token(request, clip, folder):
    from momentvos.grounding.chat.chat_model import load

    chat = load("chat", str(request.getfixturevalue(folder)), "cpu")
    (frame,) = clip.read([0])
    said = chat.yes_no(["Frame 1: ", frame.rgb, "Is it true? Answer yes or no."])
    assert np.isfinite(said.log_odds) and not said.from_text
    head = chat.model.lm_head.weight
    with torch.no_grad():
        head.zero_()  # nothing is likelier than anything else
    tokenizer = getattr(chat, "tokenizer", None) or chat.processor.tokenizer
    starts = [
        {
            tokenizer.encode(one, add_special_tokens=False)[0]
            for one in (word, word.capitalize(), f" {word}", f" {word.capitalize()}")
        }
        for word in ("yes", "no")
    ]
    # What both begin with, such as a sign for the space, says nothing.
    counts = [len(starts[0] - starts[1]), len(starts[1] - starts[0])]
    even = chat.yes_no([frame.rgb, "Is it true?"])
    assert even.log_odds == pytest.approx(np.log(counts[0] / counts[1]), abs=1e-4)


def test_a_word_is_read_where_logits_cannot_tell(clip, llava_folder, monkeypatch):
    from momentvos.grounding.chat.chat_model import load
    from momentvos.mllm.yes_no import YesNo

    chat = load("chat", str(llava_folder), "cpu")
    monkeypatch.setattr(chat.processor.tokenizer, "encode", lambda text, **_: [5, ord(text[0])])
    (frame,) = clip.read([0])
    asked = [frame.rgb, "Is it true?"]
    for said, expected in [("Yes.", YesNo(2.0, True)), ("no", YesNo(-2.0, True)), ("none", None)]:
        monkeypatch.setattr(type(chat), "generate", lambda self, parts, said=said: said)
        assert chat.yes_no(asked) == expected
