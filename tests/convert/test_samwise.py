"""SAMWISE checkpoints: every weight to its place, or named."""

import argparse
from dataclasses import replace

import numpy as np
import pytest
import torch

from momentvos.convert import convert_samwise
from momentvos.convert.checkpoint import Checkpoint
from momentvos.convert.samwise import samwise_config
from momentvos.errors import ModelError, OutputError
from momentvos.media.arrays import ArrayVideo
from momentvos.systems.tgl.model import TglModel

SENTENCE = "text_encoder.model.encoder.sentence_encoder."
PLACES = {
    SENTENCE + "embed_tokens.weight": "text_encoder.embeddings.word_embeddings.weight",
    SENTENCE + "embed_positions.weight": "text_encoder.embeddings.position_embeddings.weight",
    SENTENCE + "layernorm_embedding.bias": "text_encoder.embeddings.LayerNorm.bias",
    SENTENCE + "layers.3.self_attn.q_proj.weight": (
        "text_encoder.encoder.layer.3.attention.self.query.weight"
    ),
    SENTENCE + "layers.3.self_attn.k_proj.weight": (
        "text_encoder.encoder.layer.3.attention.self.key.weight"
    ),
    SENTENCE + "layers.3.self_attn.v_proj.bias": (
        "text_encoder.encoder.layer.3.attention.self.value.bias"
    ),
    SENTENCE + "layers.3.self_attn.out_proj.weight": (
        "text_encoder.encoder.layer.3.attention.output.dense.weight"
    ),
    SENTENCE + "layers.3.self_attn_layer_norm.weight": (
        "text_encoder.encoder.layer.3.attention.output.LayerNorm.weight"
    ),
    SENTENCE + "layers.3.fc1.weight": "text_encoder.encoder.layer.3.intermediate.dense.weight",
    SENTENCE + "layers.3.fc2.weight": "text_encoder.encoder.layer.3.output.dense.weight",
    SENTENCE + "layers.3.final_layer_norm.bias": (
        "text_encoder.encoder.layer.3.output.LayerNorm.bias"
    ),
    "sam.no_mem_embed": "sam.no_memory_embedding",
    "sam.no_obj_ptr": "sam.no_object_pointer",
    "sam.maskmem_tpos_enc": "sam.memory_temporal_positional_encoding",
    "sam.sam_prompt_encoder.project_text.layers.1.weight": (
        "text_prompt.project_text.layers.1.weight"
    ),
    "cmt_adapters.2.hsa.linear.weight": "adapters.2.hsa.linear.weight",
    "cmt_adapters.0.proj_vis_down.1.running_var": "adapters.0.proj_vis_down.1.running_var",
    "conditional_memory_encoder.transformerBlock.norm3.weight": (
        "conditional_memory_encoder.transformerBlock.norm3.weight"
    ),
}
HSA = (".hsa.", ".norm_pre_HSA.", ".spatial_pos_embed")
SCORE = ("obj_score", "no_obj_ptr")


def without(weights, *parts):
    return {name: value for name, value in weights.items() if not any(p in name for p in parts)}


@pytest.fixture
def convert(save, words, config, tmp_path):
    """convert(weights, other="entry", overrides={}) -> Converted, in tmp_path / "out"."""

    def call(weights, overrides=None, **others):
        path = save(weights, **others)
        small = config(**(overrides or {}))
        return convert_samwise(path, tmp_path / "out", tokenizer=words, config=small)

    return call


def test_every_weight_is_used_or_named(convert, weights):
    done = convert(weights, optimizer={"state": {}}, epoch=1)
    assert len(weights) == 932
    assert sorted([*done.used, *done.dropped]) == sorted(weights)
    assert len(done.dropped) == 8
    assert all("lm_head" in name or "fairseq" in why for name, why in done.dropped.items())
    assert list(done.made) == ["text_encoder.embeddings.token_type_embeddings.weight"]
    assert done.others == ("optimizer", "epoch")


def test_weights_are_where_they_belong(convert, weights):
    state = TglModel.from_pretrained(convert(weights).folder).state_dict()
    for theirs, ours in PLACES.items():
        assert torch.equal(state[ours], weights[theirs]), theirs
    points = [weights[f"sam.sam_prompt_encoder.point_embeddings.{k}.weight"] for k in range(4)]
    assert torch.equal(state["sam.prompt_encoder.point_embed.weight"], torch.cat(points))
    assert not state["text_encoder.embeddings.token_type_embeddings.weight"].any()


def test_what_training_wraps_around_weights_is_taken_off(convert, weights, tmp_path):
    model = torch.nn.Linear(2, 2)
    optimiser = torch.optim.AdamW(model.parameters())
    schedule = torch.optim.lr_scheduler.MultiStepLR(optimiser, [60000])
    wrapped = {f"module.{name}": value for name, value in weights.items()}
    wrapped["module.sam.total_ops"] = torch.zeros(1)
    done = convert(
        wrapped,
        optimizer=optimiser.state_dict(),
        lr_scheduler=schedule.state_dict(),
        args=argparse.Namespace(lr=1e-5, lr_drop=[60000], resume=""),
    )
    assert len(done.used) == 924
    assert sorted(path.name for path in done.folder.iterdir()) == [
        "config.json",
        "model.safetensors",
        "tokenizer.json",
        "tokenizer_config.json",
    ]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["official.pth", "out"]


def test_a_converted_model_answers(convert, weights):
    model = TglModel.from_pretrained(convert(weights).folder)
    frames = np.random.default_rng(0).integers(0, 256, (7, 48, 64, 3), dtype=np.uint8)
    prediction = model.segment(ArrayVideo(frames, 8.0), "the dog that jumps")
    assert prediction.moment.frames() == list(range(7)) or not prediction.found
    assert model.tam is None


def test_image_pretraining_lacks_hsa_object_score_and_a_trained_judge(convert, weights):
    less = without(weights, *HSA, *SCORE)
    overrides = {"adapter_hsa": False, "object_score": False, "cme": False}
    done = convert(less, overrides)
    model = TglModel.from_pretrained(done.folder)
    assert sorted([*done.used, *done.dropped]) == sorted(less)
    assert sum("judge" in why or "memory encoder" in why for why in done.dropped.values()) == 17
    assert any("no object score" in what for what in done.made.values())
    frames = np.random.default_rng(0).integers(0, 256, (3, 64, 64, 3), dtype=np.uint8)
    prediction = model.segment(ArrayVideo(frames, 8.0), "the dog")
    assert prediction.found


def test_the_object_score_can_be_lent_by_sam2(save, weights, words, config, tmp_path):
    own = without(weights, *HSA, *SCORE)
    lent = {
        name.removeprefix("sam."): torch.randn(value.shape)
        for name, value in weights.items()
        if name.startswith("sam.") and "project_text" not in name
    }
    done = convert_samwise(
        save(own),
        tmp_path / "out",
        tokenizer=words,
        sam2=save(lent, "sam2.pt"),
        config=config(adapter_hsa=False, cme=False),
    )
    state = TglModel.from_pretrained(done.folder).state_dict()
    want = lent["sam_mask_decoder.obj_score_token.weight"]
    assert torch.equal(state["sam.mask_decoder.obj_score_token.weight"], want)
    assert "sam.no_obj_ptr" in done.made
    assert "sam.no_obj_ptr" not in done.used


def test_unknown_missing_and_wrong_weights_are_listed(convert, weights, tmp_path):
    broken = dict(weights)
    del broken["sam.no_mem_embed"]
    broken["sam.surprise.weight"] = torch.zeros(2)
    broken["sam.no_mem_pos_enc"] = torch.zeros(1, 1, 3)
    broken["sam.maskmem_tpos_enc"] = broken["sam.maskmem_tpos_enc"].int()
    broken["sam.obj_ptr_proj.layers.0.bias"] = torch.full((64,), torch.nan)
    with pytest.raises(ModelError) as caught:
        convert(broken)
    said = str(caught.value)
    for part in (
        "missing: sam.no_mem_embed;",
        "unknown: sam.surprise.weight;",
        "sam.no_mem_pos_enc (1, 1, 3) instead of (1, 1, 64)",
        "sam.maskmem_tpos_enc of type torch.int32",
        "sam.obj_ptr_proj.layers.0.bias with values that are not finite",
    ):
        assert part in said
    assert [path.name for path in tmp_path.iterdir()] == ["official.pth"]


def test_nothing_is_written_over(save, weights, words, config, tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine.txt").write_text("mine")
    with pytest.raises(OutputError, match="new or an empty folder"):
        convert_samwise(tmp_path / "none.pth", tmp_path / "out")


def test_an_empty_folder_is_filled(convert, weights, tmp_path):
    (tmp_path / "out").mkdir()
    assert (convert(weights).folder / "config.json").is_file()


def test_advice_when_there_is_no_tokenizer(save, weights, config, tmp_path):
    path = save(weights)
    with pytest.raises(ModelError, match="--tokenizer FOLDER"):
        convert_samwise(path, tmp_path / "out", tokenizer=tmp_path, config=config())


def test_another_tokenizer_is_refused(save, weights, words, config, tmp_path):
    path = save(weights)
    other = config()
    other.text_config.vocab_size = 50265
    with pytest.raises(ModelError, match="not the one of this checkpoint"):
        convert_samwise(path, tmp_path / "out", tokenizer=words, config=other)


@pytest.fixture(scope="session")
def known(listed):
    with torch.device("meta"):
        return Checkpoint({name: torch.empty(shape) for name, shape in listed.items()}, {}, ())


def tell(known, path, **changes):
    known = replace(known, **changes)
    return samwise_config(path, known, known.weights)


def test_configuration_of_the_released_models(known, tmp_path):
    config = tell(known, tmp_path)
    assert config.sam_config.vision_config.backbone_config.blocks_per_stage == [2, 3, 16, 3]
    assert (config.image_size, config.window, config.memory, config.tam_layers) == (
        1024,
        8,
        "all",
        0,
    )
    assert (config.adapter_hsa, config.cme, config.object_score, config.gate) == (True,) * 4
    assert (config.adapter_patches, config.adapter_dim) == ([8, 4, 2], 256)
    assert (config.verbs, config.lower_case, config.single_spaces) == (False,) * 3
    assert (config.image_resizer, config.image_fit) == ("pillow", "samwise")
    assert not config.single_reads


def test_configuration_of_the_image_model(known, tmp_path):
    config = tell(known, tmp_path, weights=without(known.weights, *HSA, *SCORE))
    assert (config.adapter_hsa, config.cme, config.object_score) == (False,) * 3


@pytest.mark.parametrize(
    ("args", "cme"),
    [
        ({"use_cme_head": False, "HSA": True}, False),
        ({"use_cme_head": True, "HSA": True}, True),
        ({"use_cme_head": False, "HSA": False}, True),
        ({"use_cme_head": "no"}, True),
    ],
)
def test_training_arguments_tell_whether_the_judge_was_trained(known, tmp_path, args, cme):
    assert tell(known, tmp_path, args=args).cme is cme


@pytest.mark.slow
def test_a_checkpoint_of_the_released_size(full, save, words, tmp_path, monkeypatch):
    import momentvos.convert.samwise as module

    class Words:
        def save_pretrained(self, folder):
            pass

    monkeypatch.setattr(module, "find_tokenizer", lambda name, config: Words())
    weights = full()
    assert len(weights) == 932
    done = convert_samwise(save(weights), tmp_path / "out")
    assert (len(done.used), len(done.dropped)) == (924, 8)
    from safetensors.torch import load_file

    state = load_file(done.folder / "model.safetensors")
    for theirs, ours in PLACES.items():
        assert torch.equal(state[ours], weights[theirs]), theirs
