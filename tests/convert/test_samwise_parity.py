"""A converted SAMWISE against what the authors' program answered, from files to masks.

`samwise_recorded.json` holds numbers that their program (`inference_demo.py` of June 2025, on
the CPU) gave for the weights, words, sentences and frames made below, at the widths of `conftest`:
checksums of the input, token ids, areas, and every `step`-th pixel of the masks. The conditional
memory encoder is on, and switches; some frames are without object.
"""

import base64
import json
import lzma
import zipfile
import zlib
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors
from transformers import PreTrainedTokenizerFast
from typer.testing import CliRunner

from momentvos.cli.main import app
from momentvos.convert import convert_samwise
from momentvos.media import Video
from momentvos.media.arrays import ArrayVideo
from momentvos.propagation.feature_cache import FeatureCache
from momentvos.sam2.geometry import to_input
from momentvos.systems.tgl.model import TglModel

RECORDED = json.loads((Path(__file__).parent / "samwise_recorded.json").read_text())
RUNS = {(run["height"], run["sentence"]): run for run in RECORDED["runs"]}
WIDTH = {240: 320, 720: 1280}
FRAMES = 12
SENTENCES = ("the Dog that jumps", "  the dog \t that  jumps\nover it. ")
MERGES = ("t h", "th e", "Ġ the", "d o", "do g", "Ġ dog", "Ġ t", "Ġ j", "u m", "um p", "ump s")
BIASES = {
    "sam.memory_encoder.out_proj.bias": [0.0] * 64,
    "sam.sam_mask_decoder.pred_obj_score_head.layers.2.bias": [-0.4],
    "conditional_memory_encoder.decision_class_head.bias": [0.0, 0.2],
}
TIED = {
    "text_encoder.model.encoder.lm_head.weight": (
        "text_encoder.model.encoder.sentence_encoder.embed_tokens.weight"
    )
}
SPECIAL = ("<s>", "<pad>", "</s>", "<unk>", "<mask>")


def uniform(name: str, shape: tuple[int, ...]) -> np.ndarray:
    """Numbers of variance 1 that depend on the name alone."""
    rng = np.random.default_rng(zlib.crc32(name.encode()))
    return (rng.random(shape) * 2 - 1) * 3**0.5


def weight(name: str, shape: tuple[int, ...]) -> torch.Tensor:
    """A weight of a network whose activations neither grow nor vanish.

    Some frames lack the object, and memory switches in some.
    """
    drawn = uniform(TIED.get(name, name), shape)
    last = name.rsplit(".", 1)[-1]
    if name == "sam.memory_encoder.out_proj.weight":  # which theirs lacks at this width
        return torch.eye(shape[0])[..., None, None]
    if name in BIASES:
        return torch.tensor(BIASES[name])
    if last == "num_batches_tracked":
        return torch.tensor(3)
    if last == "running_var":
        drawn = 1 + 0.3 * drawn
    elif last == "running_mean" or last == "bias":
        drawn = 0.1 * drawn
    elif len(shape) == 1:
        drawn = 1 + 0.2 * drawn  # of a norm
    elif name in TIED or any(part in name for part in ("embed", "token", "no_", "tpos")):
        drawn = 0.5 * drawn
    else:
        drawn = drawn / np.sqrt(np.prod(shape[1:]))
    return torch.from_numpy(np.asarray(drawn, dtype=np.float32))


def write_words(folder: Path, size: int) -> Path:
    """A tokenizer of RoBERTa's kind: byte-level, nothing added before a sentence."""
    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    known = [*SPECIAL, *letters, *("".join(merge.split()) for merge in MERGES)]
    known += [f"<{number}>" for number in range(size - len(known))]
    vocabulary = {token: place for place, token in enumerate(known)}
    model = models.BPE(vocabulary, [tuple(merge.split()) for merge in MERGES])
    tokenizer = Tokenizer(model)
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.post_processor = processors.RobertaProcessing(
        ("</s>", 2), ("<s>", 0), add_prefix_space=False
    )
    names = {f"{k}_token": v for k, v in zip(("bos", "pad", "eos", "unk"), SPECIAL, strict=False)}
    PreTrainedTokenizerFast(tokenizer_object=tokenizer, **names).save_pretrained(folder)
    return folder


def write_frames(folder: Path, size: tuple[int, int], count: int = FRAMES) -> Path:
    """JPEG files of a bright disc over a moving texture."""
    height, width = size
    rng = np.random.default_rng(height)
    coarse = rng.integers(0, 256, (height // 8 + 8, width // 8 + 8, 3)).astype(np.uint8)
    rows, columns = np.mgrid[:height, :width]
    folder.mkdir(parents=True)
    for number in range(count):
        picture = coarse[(rows + 3 * number) // 8, (columns + 2 * number) // 8] // 2
        near = np.hypot(rows - height * 0.5, columns - width * (0.2 + 0.05 * number))
        picture = np.where((near < height * 0.2)[..., None], (250, 200, 40), picture)
        Image.fromarray(picture.astype(np.uint8)).save(folder / f"{number:05d}.jpg", quality=90)
    return folder


@pytest.fixture(scope="module")
def model(narrow, config, tmp_path_factory):
    """The narrow model, converted from a checkpoint of the official names."""
    folder = tmp_path_factory.mktemp("samwise")
    weights = {name: weight(name, shape) for name, shape in narrow.items()}
    torch.save({"model": weights}, folder / "official.pth")
    small = config(lower_case=False, single_spaces=False)
    hiera = small.sam_config.vision_config.backbone_config
    hiera.num_attention_heads_per_stage = [1, 2, 4, 8]  # Meta's program doubles them by itself
    words = write_words(folder / "words", small.text_config.vocab_size)
    small.text_config.save_pretrained(words)
    done = convert_samwise(folder / "official.pth", folder / "out", tokenizer=words, config=small)
    return TglModel.from_pretrained(done.folder)


@pytest.fixture(scope="module")
def videos(tmp_path_factory):
    """Folders of JPEG files by height, opened."""
    folder = tmp_path_factory.mktemp("frames")
    return {
        height: Video.open(write_frames(folder / str(height), (height, width)))
        for height, width in WIDTH.items()
    }


def checksum(pixels: torch.Tensor) -> int:
    return zlib.crc32(pixels.contiguous().numpy().tobytes())


@pytest.mark.parametrize("height", WIDTH)
def test_the_input_is_theirs_bit_for_bit(model, videos, height):
    config = model.config
    cache = FeatureCache(model.sam, videos[height], config.image_fit, config.image_resizer)
    made = [checksum(frame) for frame in cache.pixels(range(FRAMES))]
    assert made == RUNS[height, 0]["pixels"]


@pytest.mark.parametrize(("height", "width", "content", "pixels"), RECORDED["released"])
def test_the_input_of_the_released_size(model, tmp_path, height, width, content, pixels):
    video = Video.open(write_frames(tmp_path / "frames", (height, width), 1))
    rgb = np.stack([frame.rgb for frame in video.frames()])
    config = model.config
    made, place = to_input(rgb, 1024, config.image_fit, config.image_resizer)
    assert list(place) == content
    assert checksum(made[0]) == pixels


@pytest.mark.parametrize("sentence", range(len(SENTENCES)))
def test_sentences_are_tokenized_as_they_are(model, sentence):
    assert model.tokenize([SENTENCES[sentence]]).ids[0].tolist() == RUNS[240, sentence]["ids"]


def agree(masks, height, sentence):
    """Assert that masks [T, H, W] are those recorded, by area and by every `step`-th pixel."""
    run, step = RUNS[height, sentence], RUNS[height, sentence]["step"]
    packed = np.frombuffer(lzma.decompress(base64.b85decode(run["masks"])), np.uint8)
    ours = masks[:, ::step, ::step]
    theirs = np.unpackbits(packed, count=ours.size).reshape(ours.shape).astype(bool)
    for frame, area in enumerate(run["areas"]):
        assert masks[frame].sum() == pytest.approx(area, rel=5e-4), frame
        union = (ours[frame] | theirs[frame]).sum()
        shared = (ours[frame] & theirs[frame]).sum()
        assert shared >= 0.999 * union, frame
        assert bool(union) == bool(area), frame


def shown(prediction):
    return np.stack([prediction.masklet.get(frame) for frame in range(FRAMES)])


@pytest.mark.parametrize(("height", "sentence"), RUNS)
def test_the_masks_are_theirs(model, videos, height, sentence):
    agree(shown(model.segment(videos[height], SENTENCES[sentence])), height, sentence)


@pytest.mark.parametrize("height", [240, pytest.param(720, marks=pytest.mark.slow)])
def test_the_masks_are_theirs_for_sentences_together_and_streamed(model, videos, height):
    together = model.segment(videos[height], SENTENCES)
    stream = model.stream(videos[height], SENTENCES)
    said = {(update.sentence, update.frame): update.mask for update in stream}
    for row, sentence in enumerate(SENTENCES):
        agree(shown(together[row]), height, row)
        agree(shown(stream.predictions[row]), height, row)
        agree(np.stack([said[sentence, frame] for frame in range(FRAMES)]), height, row)


@pytest.mark.slow
def test_commands_write_the_same_masks(model, tmp_path, monkeypatch):
    """`run` and `eval` have no default that a converted model does not."""
    folder = write_frames(tmp_path / "mevis" / "valid" / "JPEGImages" / "clip", (240, 320))
    about = {
        "frames": [path.stem for path in sorted(folder.iterdir())],
        "expressions": {str(row): {"exp": text} for row, text in enumerate(SENTENCES)},
    }
    listed = folder.parents[1] / "meta_expressions.json"
    listed.write_text(json.dumps({"videos": {"clip": about}}))
    weights = ("--model", model.name_or_path, "--device", "cpu", "-q")
    monkeypatch.chdir(tmp_path)

    def cli(*words):
        result = CliRunner().invoke(app, [str(word) for word in words])
        assert result.exit_code == 0, result.output

    cli("run", folder, *SENTENCES, *weights, "-o", tmp_path / "out")
    root = ("--root", tmp_path / "mevis", "--split", "valid")
    cli("eval", "mevis", *root, *weights, "--out", tmp_path / "eval", "--submit")
    written = sorted((tmp_path / "out").glob("*/masks"))
    with zipfile.ZipFile(tmp_path / "eval" / "submission.zip") as submission:
        for row in range(len(SENTENCES)):
            files = sorted(written[row].glob("*.png"))
            agree(np.stack([np.asarray(Image.open(path)) > 0 for path in files]), 240, row)
            sent = [f"clip/{row}/{frame}.png" for frame in about["frames"]]
            read = [Image.open(submission.open(name)) for name in sent]
            agree(np.stack([np.asarray(picture) > 0 for picture in read]), 240, row)


def test_a_last_window_of_one_frame_forgets_the_video(model, videos):
    rgb = np.stack([frame.rgb for frame in videos[720].frames(0, 9)])
    video = ArrayVideo(rgb, 24.0)
    masklet = model.segment(video, SENTENCES[0]).masklet
    areas = [int(masklet.get(frame).sum()) for frame in range(9)]
    assert areas == pytest.approx(RECORDED["nine"], rel=5e-4)
    model.config.single_reads = True
    try:
        tracked = model.segment(video, SENTENCES[0]).masklet
    finally:
        model.config.single_reads = False
    assert tracked.get(8).any() and not masklet.get(8).any()
