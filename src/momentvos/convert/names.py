"""Names of ``transformers``' weights in Meta's and fairseq's checkpoints."""

from __future__ import annotations

import re

POINTS = 4
"""SAM2's kinds of point prompts, one embedding each in the official files."""

_MLP = (
    r"(object_pointer_proj|output_hypernetworks_mlps\.\d+|iou_prediction_head|pred_obj_score_head)"
)

SAM2 = [
    # what one module or parameter is called, longest first
    (r"^(shared_image_embedding|prompt_encoder\.shared_embedding)\.positional_embedding$",
     r"sam_prompt_encoder.pe_layer.positional_encoding_gaussian_matrix"),
    (r"^no_memory_embedding$", "no_mem_embed"),
    (r"^no_memory_positional_encoding$", "no_mem_pos_enc"),
    (r"^memory_temporal_positional_encoding$", "maskmem_tpos_enc"),
    (r"^no_object_pointer$", "no_obj_ptr"),
    (r"^occlusion_spatial_embedding_parameter$", "no_obj_embed_spatial"),
    (r"^temporal_positional_encoding_projection_layer\.", "obj_ptr_tpos_proj."),
    # perceptrons: three layers in the decoder, two elsewhere
    (_MLP + r"\.layers\.0\.", r"\1.layers.1."),
    (_MLP + r"\.proj_in\.", r"\1.layers.0."),
    (_MLP + r"\.proj_out\.", r"\1.layers.2."),
    (r"\.mlp\.proj_in\.", ".mlp.layers.0."),
    (r"\.mlp\.proj_out\.", ".mlp.layers.1."),
    (r"^object_pointer_proj\.", "obj_ptr_proj."),
    # the image encoder
    (r"\.patch_embed\.projection\.", ".patch_embed.proj."),
    (r"^vision_encoder\.neck\.convs\.(\d+)\.", r"image_encoder.neck.convs.\1.conv."),
    (r"^vision_encoder\.backbone\.", "image_encoder.trunk."),
    # prompts and decoder: places in a Sequential
    (r"^prompt_encoder\.mask_embed\.conv1\.", "sam_prompt_encoder.mask_downscaling.0."),
    (r"^prompt_encoder\.mask_embed\.layer_norm1\.", "sam_prompt_encoder.mask_downscaling.1."),
    (r"^prompt_encoder\.mask_embed\.conv2\.", "sam_prompt_encoder.mask_downscaling.3."),
    (r"^prompt_encoder\.mask_embed\.layer_norm2\.", "sam_prompt_encoder.mask_downscaling.4."),
    (r"^prompt_encoder\.mask_embed\.conv3\.", "sam_prompt_encoder.mask_downscaling.6."),
    (r"^mask_decoder\.upscale_conv1\.", "sam_mask_decoder.output_upscaling.0."),
    (r"^mask_decoder\.upscale_layer_norm\.", "sam_mask_decoder.output_upscaling.1."),
    (r"^mask_decoder\.upscale_conv2\.", "sam_mask_decoder.output_upscaling.3."),
    (r"^(prompt_encoder|mask_decoder)\.", r"sam_\1."),
    # the memory encoder
    (r"^memory_encoder\.mask_downsampler\.final_conv\.",
     "memory_encoder.mask_downsampler.encoder.12."),
    (r"^memory_encoder\.feature_projection\.", "memory_encoder.pix_feat_proj."),
    (r"^memory_encoder\.projection\.", "memory_encoder.out_proj."),
    (r"\.memory_fuser\.layers\.(\d+)\.scale$", r".fuser.layers.\1.gamma"),
    (r"\.memory_fuser\.", ".fuser."),
    (r"\.depthwise_conv\.", ".dwconv."),
    (r"\.pointwise_conv(\d)\.", r".pwconv\1."),
    # everywhere
    (r"\.o_proj\.", ".out_proj."),
    (r"\.layer_norm", ".norm"),
]  # fmt: skip

ROBERTA = [
    (r"^embeddings\.word_embeddings\.", "embed_tokens."),
    (r"^embeddings\.position_embeddings\.", "embed_positions."),
    (r"^embeddings\.LayerNorm\.", "layernorm_embedding."),
    (r"^encoder\.layer\.", "layers."),
    (r"\.attention\.self\.query\.", ".self_attn.q_proj."),
    (r"\.attention\.self\.key\.", ".self_attn.k_proj."),
    (r"\.attention\.self\.value\.", ".self_attn.v_proj."),
    (r"\.attention\.output\.dense\.", ".self_attn.out_proj."),
    (r"\.attention\.output\.LayerNorm\.", ".self_attn_layer_norm."),
    (r"\.intermediate\.dense\.", ".fc1."),
    (r"\.output\.dense\.", ".fc2."),
    (r"\.output\.LayerNorm\.", ".final_layer_norm."),
]


def sam2_sources(name: str) -> tuple[str, ...]:
    """Names of a weight of ``Sam2VideoModel`` in Meta's SAM2 files.

    Several names are rows of one weight, in order.
    """
    if name == "prompt_encoder.point_embed.weight":
        return tuple(f"sam_prompt_encoder.point_embeddings.{k}.weight" for k in range(POINTS))
    if hit := re.match(r"memory_encoder\.mask_downsampler\.layers\.(\d+)\.(\w+)\.(\w+)$", name):
        place = 3 * int(hit[1]) + (hit[2] == "layer_norm")
        return (f"memory_encoder.mask_downsampler.encoder.{place}.{hit[3]}",)
    return (rename(name, SAM2),)


def roberta_sources(name: str) -> tuple[str, ...]:
    """Names of a weight of ``RobertaModel`` below fairseq's ``sentence_encoder``.

    None of it holds the token type, of which fairseq knows none.
    """
    if name == "embeddings.token_type_embeddings.weight":
        return ()
    return (rename(name, ROBERTA),)


def rename(name: str, rules: list[tuple[str, str]]) -> str:
    """A name after all substitutions of patterns, in order."""
    for pattern, replacement in rules:
        name = re.sub(pattern, replacement, name)
    return name
