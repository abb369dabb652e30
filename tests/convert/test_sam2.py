"""SAM2 and SAM2.1 files to transformers, and from there into TGL."""

import pytest
import torch
from transformers import RobertaConfig, RobertaModel, Sam2HieraDetConfig, Sam2VideoModel

from momentvos.convert import convert_sam2
from momentvos.convert.names import sam2_sources
from momentvos.convert.sizes import SIZES
from momentvos.convert.sizes import hiera as told
from momentvos.errors import ModelError
from momentvos.sam2 import Prompt, attend, decode, encode, remember
from momentvos.systems.tgl.model import TglModel
from momentvos.systems.tgl.presets import sam_config

SAM2_1 = {"pointer_encoding": True, "occlusion_embedding": True}
PLACES = {
    ("image_encoder.trunk.", "vision_encoder.backbone."): {
        "patch_embed.proj.weight": "patch_embed.projection.weight",
        "blocks.2.proj.weight": "blocks.2.proj.weight",
        "blocks.5.norm2.weight": "blocks.5.layer_norm2.weight",
        "blocks.5.mlp.layers.0.weight": "blocks.5.mlp.proj_in.weight",
        "blocks.5.mlp.layers.1.weight": "blocks.5.mlp.proj_out.weight",
    },
    ("memory_attention.", "memory_attention."): {
        "layers.1.cross_attn_image.out_proj.weight": "layers.1.cross_attn_image.o_proj.weight",
        "layers.1.norm3.bias": "layers.1.layer_norm3.bias",
        "norm.weight": "layer_norm.weight",
    },
    ("memory_encoder.", "memory_encoder."): {
        "mask_downsampler.encoder.3.weight": "mask_downsampler.layers.1.conv.weight",
        "mask_downsampler.encoder.4.weight": "mask_downsampler.layers.1.layer_norm.weight",
        "mask_downsampler.encoder.12.bias": "mask_downsampler.final_conv.bias",
        "pix_feat_proj.weight": "feature_projection.weight",
        "fuser.layers.1.gamma": "memory_fuser.layers.1.scale",
        "fuser.layers.1.dwconv.weight": "memory_fuser.layers.1.depthwise_conv.weight",
        "fuser.layers.1.pwconv2.weight": "memory_fuser.layers.1.pointwise_conv2.weight",
        "out_proj.weight": "projection.weight",
    },
    ("sam_prompt_encoder.", "prompt_encoder."): {
        "mask_downscaling.3.weight": "mask_embed.conv2.weight",
        "mask_downscaling.4.weight": "mask_embed.layer_norm2.weight",
    },
    ("sam_mask_decoder.", "mask_decoder."): {
        "transformer.layers.1.mlp.layers.1.weight": "transformer.layers.1.mlp.proj_out.weight",
        "transformer.norm_final_attn.weight": "transformer.layer_norm_final_attn.weight",
        "output_upscaling.1.weight": "upscale_layer_norm.weight",
        "output_upscaling.3.weight": "upscale_conv2.weight",
        "output_hypernetworks_mlps.2.layers.0.weight": (
            "output_hypernetworks_mlps.2.proj_in.weight"
        ),
        "iou_prediction_head.layers.1.weight": "iou_prediction_head.layers.0.weight",
        "pred_obj_score_head.layers.2.weight": "pred_obj_score_head.proj_out.weight",
    },
    ("", ""): {
        "image_encoder.neck.convs.0.conv.weight": "vision_encoder.neck.convs.0.weight",
        "obj_ptr_proj.layers.2.bias": "object_pointer_proj.proj_out.bias",
        "no_obj_embed_spatial": "occlusion_spatial_embedding_parameter",
        "obj_ptr_tpos_proj.weight": "temporal_positional_encoding_projection_layer.weight",
    },
}
"""Below each pair of prefixes: in the official files, in transformers."""


@pytest.fixture(params=[{}, SAM2_1], ids=["SAM2", "SAM2.1"])
def model(request, hiera):
    torch.manual_seed(0)
    made = Sam2VideoModel(sam_config(hiera, hidden=64, feed_forward=128, **request.param)).eval()
    for parameter in made.parameters():
        torch.nn.init.normal_(parameter, std=0.1)
    return made


@pytest.mark.parametrize("prefixes", PLACES)
def test_names(prefixes):
    for theirs, ours in PLACES[prefixes].items():
        assert sam2_sources(prefixes[1] + ours) == (prefixes[0] + theirs,)


def test_names_are_those_of_the_released_files(listed):
    with torch.device("meta"):
        state = Sam2VideoModel(sam_config(Sam2HieraDetConfig(**SIZES["base+"]))).state_dict()
    theirs = {f"sam.{source}" for name in state for source in sam2_sources(name)}
    ours = ("sam.sam_prompt_encoder.project_text",)
    assert theirs == {n for n in listed if n.startswith("sam.") and not n.startswith(ours)}


@torch.no_grad()
def answers(sam):
    torch.manual_seed(1)
    pyramid = encode(sam, torch.randn(2, 3, 256, 256))
    slots, pointers = torch.tensor([[0], [1]]), torch.randn(2, 3, 64)
    memory = remember(sam, pyramid.top, torch.randn(2, 64, 64), torch.tensor([1.0, -1.0]))
    offsets = torch.rand(2, 3)
    top = attend(sam, pyramid.top, memory[:, None], slots, pointers, offsets)
    points = Prompt(points=torch.full((2, 1, 2), 99.0), labels=torch.ones(2, 1, dtype=torch.int))
    decoded = decode(sam, pyramid.with_top(top), points, multimask=True, gate=False)
    return memory, top, decoded.logits, decoded.iou, decoded.pointer, decoded.score


def test_round_trip(model, official, save, tmp_path):
    weights = official(model)
    done = convert_sam2(save(weights, "sam2.pt"), tmp_path / "out", model.config)
    again, info = Sam2VideoModel.from_pretrained(done.folder, output_loading_info=True)
    assert not any(info[kind] for kind in ("missing_keys", "unexpected_keys", "mismatched_keys"))
    assert sorted(done.used) == sorted(weights)
    assert not done.dropped and not done.made
    for before, after in zip(answers(model), answers(again.eval()), strict=True):
        torch.testing.assert_close(before, after, atol=1e-5, rtol=1e-4)


def test_the_folder_is_what_tgl_is_built_from(model, official, save, words, tmp_path):
    done = convert_sam2(save(official(model)), tmp_path / "sam", model.config)
    text = RobertaModel(RobertaConfig.from_pretrained(words), add_pooling_layer=False)
    text.save_pretrained(tmp_path / "text")
    for file in words.glob("tokenizer*"):
        (tmp_path / "text" / file.name).write_bytes(file.read_bytes())
    tgl = TglModel.from_parts(done.folder, tmp_path / "text", tam_layers=0, adapter_dim=64)
    assert torch.equal(tgl.sam.no_memory_embedding, model.no_memory_embedding)


@pytest.mark.parametrize("size", SIZES)
def test_sizes_are_told_by_the_weights(size, official, tmp_path):
    config = Sam2HieraDetConfig(**SIZES[size])
    with torch.device("meta"):
        weights = official(Sam2VideoModel(sam_config(config)))
    assert told(tmp_path, weights).to_dict() == config.to_dict()


def test_version_is_told_by_the_weights(model, official, save, tmp_path, monkeypatch):
    import momentvos.convert.sam2 as module

    backbone = model.config.vision_config.backbone_config
    monkeypatch.setattr(module, "hiera", lambda path, weights: backbone)
    monkeypatch.setattr(
        module, "sam_config", lambda *a, **k: sam_config(*a, **k, hidden=64, feed_forward=128)
    )
    done = convert_sam2(save(official(model)), tmp_path / "out")
    config = Sam2VideoModel.from_pretrained(done.folder).config
    ours = model.config
    for name in (
        "enable_temporal_pos_encoding_for_object_pointers",
        "enable_occlusion_spatial_embedding",
    ):
        assert getattr(config, name) == getattr(ours, name)


def test_unknown_weights_are_listed(model, official, save, tmp_path):
    weights = official(model) | {"sam_mask_decoder.extra": torch.zeros(1)}
    with pytest.raises(ModelError, match=r"unknown: sam_mask_decoder\.extra\."):
        convert_sam2(save(weights), tmp_path / "out", model.config)


def test_other_networks_are_refused(save, tmp_path):
    with pytest.raises(ModelError, match="holds no weight image_encoder"):
        convert_sam2(save({"fc.weight": torch.zeros(2, 2)}), tmp_path / "out")
    odd = {"image_encoder.trunk.patch_embed.proj.weight": torch.zeros(100, 3, 7, 7)}
    with pytest.raises(ModelError, match="none of SAM2's sizes"):
        convert_sam2(save(odd), tmp_path / "out")
