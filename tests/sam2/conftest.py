"""Small SAM2 video models with random weights, and SAM2's own way through a video."""

import pytest
import torch
from transformers import (
    Sam2HieraDetConfig,
    Sam2VideoConfig,
    Sam2VideoMaskDecoderConfig,
    Sam2VideoModel,
    Sam2VideoPromptEncoderConfig,
    Sam2VisionConfig,
)


def _config(
    size: int, dims: list[int], hidden: int, version: str, memory: int = 64
) -> Sam2VideoConfig:
    backbone = Sam2HieraDetConfig(
        hidden_size=dims[0],
        image_size=[size, size],
        blocks_per_stage=[1, 2, 2, 1],
        embed_dim_per_stage=dims,
        num_attention_heads_per_stage=[1, 2, 4, 8],
        window_size_per_stage=[4, 4, 4, 2],
        global_attention_blocks=[4],
        window_positional_embedding_background_size=[4, 4],
    )
    vision = Sam2VisionConfig(
        backbone_config=backbone,
        backbone_channel_list=dims[::-1],
        backbone_feature_sizes=[[size // stride] * 2 for stride in (4, 8, 16)],
        fpn_hidden_size=hidden,
    )
    return Sam2VideoConfig(
        vision_config=vision,
        prompt_encoder_config=Sam2VideoPromptEncoderConfig(hidden_size=hidden, image_size=size),
        mask_decoder_config=Sam2VideoMaskDecoderConfig(
            hidden_size=hidden,
            mlp_dim=2 * hidden,
            num_attention_heads=4,
            iou_head_hidden_dim=hidden,
        ),
        image_size=size,
        enable_occlusion_spatial_embedding=version == "2.1",
        enable_temporal_pos_encoding_for_object_pointers=version == "2.1",
        memory_attention_hidden_size=hidden,
        memory_attention_num_layers=2,
        memory_attention_feed_forward_hidden_size=2 * hidden,
        memory_attention_rope_feat_sizes=[size // 16] * 2,
        memory_encoder_hidden_size=hidden,
        memory_encoder_output_channels=memory,
        mask_downsampler_embed_dim=hidden,
        memory_fuser_embed_dim=hidden,
        memory_fuser_intermediate_dim=2 * hidden,
    )


def _randomise(sam: Sam2VideoModel) -> Sam2VideoModel:
    """Give every parameter a value that shows in the result: fan-in scaled, none of them zero."""
    generator = torch.Generator().manual_seed(0)
    for name, parameter in sam.named_parameters():
        noise = torch.randn(parameter.shape, generator=generator)
        if parameter.ndim == 1 and "norm" in name and name.endswith("weight"):
            parameter.data = 1 + 0.2 * noise
        elif name.endswith("scale"):
            parameter.data = 0.5 + 0.1 * noise
        elif parameter.ndim < 2 or "embed" in name or "token" in name or "encoding" in name:
            parameter.data = 0.3 * noise
        else:
            parameter.data = 0.8 * noise * parameter[0].numel() ** -0.5
    sam.mask_decoder.pred_obj_score_head.proj_out.bias.data += 3
    return sam.eval()


@pytest.fixture(scope="session", params=["2.0", "2.1"])
def sam(request) -> Sam2VideoModel:
    if request.param == "2.0":
        config = _config(64, [16, 32, 64, 128], 192, "2.0")
    else:
        config = _config(128, [24, 48, 96, 192], 128, "2.1")
    torch.manual_seed(0)
    return _randomise(Sam2VideoModel(config))


@pytest.fixture
def narrow() -> Sam2VideoModel:
    """A model whose memories are narrower (32) than transformers' memory attention reads (64)."""
    return _randomise(Sam2VideoModel(_config(64, [16, 32, 64, 128], 128, "2.0", memory=32)))


@pytest.fixture
def video(sam) -> torch.Tensor:
    """12 normalised frames of smooth, slowly moving noise, `[12,3,S,S]`."""
    generator = torch.Generator().manual_seed(1)
    size = sam.config.image_size
    canvas = torch.randn(1, 3, size // 4, size // 4, generator=generator)
    canvas = torch.nn.functional.interpolate(canvas, size=(size, size), mode="bicubic")[0]
    return torch.stack([canvas.roll((2 * t, 3 * t), dims=(1, 2)) for t in range(12)])


@pytest.fixture
def square(sam) -> torch.Tensor:
    """A binary mask on the first frame, `[1,1,S,S]`."""
    size = sam.config.image_size
    mask = torch.zeros(1, 1, size, size)
    mask[..., size // 4 : size // 2, size // 3 : size // 2 + 5] = 1
    return mask
