"""EdgeTAM's own file to the form that a tracker loads."""

import json

import pytest
import torch
from tests.sam2 import edgetam_reference as reference

from momentvos.convert import convert_sam2
from momentvos.convert.edgetam import apart, config_of, edgetam_sources
from momentvos.errors import ModelError
from momentvos.grounding import weights
from momentvos.sam2.edgetam import EdgeTam, edgetam_config

PLACES = {
    "vision_encoder.backbone.timm_model.stem.conv1.c.weight": (
        "image_encoder.trunk.body.stem.conv1.c.weight"
    ),
    "vision_encoder.backbone.timm_model.stages_1.downsample.pre_block.channel_mixer.conv1.c.weight":
        "image_encoder.trunk.body.stages_1.downsample.pre_block.channel_mixer.conv1.c.weight",
    "vision_encoder.backbone.timm_model.stages_0.blocks.0.se.fc1.bias": (
        "image_encoder.trunk.body.stages_0.blocks.0.se.fc1.bias"
    ),
    "vision_encoder.neck.convs.3.weight": "image_encoder.neck.convs.3.conv.weight",
    "memory_attention.layers.1.mlp.up_proj.weight": "memory_attention.layers.1.linear1.weight",
    "memory_attention.layers.0.mlp.down_proj.bias": "memory_attention.layers.0.linear2.bias",
    "memory_attention.layers.0.cross_attn_image.o_proj.bias": (
        "memory_attention.layers.0.cross_attn_image.out_proj.bias"
    ),
    "spatial_perceiver.latents_1d": "spatial_perceiver.latents",
    "spatial_perceiver.latents_2d": "spatial_perceiver.latents_2d",
    "spatial_perceiver.layer_norm.bias": "spatial_perceiver.norm.bias",
    "spatial_perceiver.layers.1.layer_norm_input.weight": (
        "spatial_perceiver.layers.1.attn.norm_x.weight"
    ),
    "spatial_perceiver.layers.0.layer_norm_latents.bias": (
        "spatial_perceiver.layers.0.attn.norm_latents.bias"
    ),
    "spatial_perceiver.layers.0.layer_norm_self.bias": (
        "spatial_perceiver.layers.0.self_attn.norm.bias"
    ),
    "spatial_perceiver.layers.0.cross_attention.q_proj.weight": (
        "spatial_perceiver.layers.0.attn.to_q.weight"
    ),
    "spatial_perceiver.layers.0.self_attention.o_proj.weight": (
        "spatial_perceiver.layers.0.self_attn.to_out.weight"
    ),
    "spatial_perceiver.layers.0.mlp.layer_norm.weight": "spatial_perceiver.layers.0.ff.0.weight",
    "spatial_perceiver.layers.0.mlp.up_proj.weight": "spatial_perceiver.layers.0.ff.1.weight",
    "spatial_perceiver.layers.0.self_mlp.down_proj.weight": (
        "spatial_perceiver.layers.0.self_ff.3.weight"
    ),
    "mask_decoder.upscale_conv2.weight": "sam_mask_decoder.output_upscaling.3.weight",
}  # fmt: skip


@pytest.fixture(scope="module")
def config():
    return edgetam_config(reference.published_json("small"))


@pytest.fixture(scope="module")
def model(config):
    return reference.fill(EdgeTam(config), "small")


@pytest.fixture(scope="module")
def official(model):
    """The weights under the authors' names, keys and values as one product."""
    named = {}
    for name, weight in model.state_dict().items():
        sources = edgetam_sources(name)
        named |= (
            dict(zip(sources, weight.split(len(weight) // len(sources)), strict=True))
            if (len(sources) > 1)
            else {sources[0]: weight}
        )
    for name in [name for name in named if ".to_k." in name]:
        both = named.pop(name), named.pop(name.replace(".to_k.", ".to_v."))
        named[name.replace(".to_k.", ".to_kv.")] = torch.cat(both)
    return named


@pytest.mark.parametrize("name", PLACES)
def test_names(model, name):
    assert edgetam_sources(name) == (PLACES[name],)
    assert name in model.state_dict()


def test_keys_and_values_are_two_weights():
    both = torch.arange(6.0).reshape(6, 1)
    made = apart({"spatial_perceiver.layers.0.attn.to_kv.weight": both, "other": both})
    assert torch.equal(made["spatial_perceiver.layers.0.attn.to_k.weight"], both[:3])
    assert torch.equal(made["spatial_perceiver.layers.0.attn.to_v.weight"], both[3:])
    assert torch.equal(made["other"], both)


def test_round_trip(model, official, config, save, tmp_path):
    done = convert_sam2(save(official, "edgetam.pt"), tmp_path / "out", config)
    assert sorted(done.used) == sorted(official)
    assert not done.dropped and not done.made
    values = json.loads((done.folder / "config.json").read_text())
    assert values["architectures"] == ["EdgeTamVideoModel"]
    again = weights.model(
        EdgeTam, str(done.folder), True, ("edgetam_video",), config=edgetam_config(values)
    )
    for name, weight in model.state_dict().items():
        assert torch.equal(again.state_dict()[name], weight), name


def test_what_a_file_holds_decides_its_additions(official):
    assert config_of(official).enable_occlusion_spatial_embedding
    bare = {"spatial_perceiver.latents": official["spatial_perceiver.latents"]}
    made = config_of(bare)
    assert not made.enable_occlusion_spatial_embedding
    assert not made.enable_temporal_pos_encoding_for_object_pointers
    assert made.image_size == 1024


def test_a_file_that_lacks_a_weight_is_refused(official, config, save, tmp_path):
    less = {name: one for name, one in official.items() if "stages_2.blocks.0.se" not in name}
    with pytest.raises(ModelError, match=r"missing: image_encoder\.trunk\.body\.stages_2"):
        convert_sam2(save(less), tmp_path / "out", config)
    more = official | {"image_encoder.trunk.body.head.weight": torch.zeros(1)}
    with pytest.raises(ModelError, match=r"unknown: image_encoder\.trunk\.body\.head"):
        convert_sam2(save(more), tmp_path / "out", config)
    with pytest.raises(ModelError, match="of a wrong kind"):
        convert_sam2(save(official), tmp_path / "out")  # of other sizes than the published ones
