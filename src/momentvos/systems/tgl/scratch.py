"""First weights for training from scratch."""

from torch import nn

from momentvos.systems.tgl.model import TglModel


def draw_weights(model: TglModel) -> None:
    """Draw the weights of SAM2 and RoBERTa anew, each by the width of its input.

    ``transformers`` fills these modules with a deviation of 0.02, since it expects pretrained
    weights to follow. At the mini's widths that leaves signals far too small to learn quickly.
    SAM2's learned tokens get a deviation of 1, as does the text prompt that stands beside them;
    positions and temporal encodings get 0.02, and the residual branches of the memory fuser the
    scale that the configuration asks for.
    """
    for module in [*model.sam.modules(), *model.text_encoder.modules()]:
        if isinstance(module, nn.Linear | nn.Conv2d | nn.ConvTranspose2d):
            module.reset_parameters()
    decoder, prompts = model.sam.mask_decoder, model.sam.prompt_encoder
    for token in (decoder.obj_score_token, decoder.iou_token, decoder.mask_tokens):
        nn.init.normal_(token.weight)
    for token in (prompts.not_a_point_embed, prompts.no_mask_embed, prompts.point_embed):
        nn.init.normal_(token.weight)
    backbone = model.sam.vision_encoder.backbone
    for positions in (
        backbone.pos_embed,
        backbone.pos_embed_window,
        model.sam.memory_temporal_positional_encoding,
        model.sam.no_memory_embedding,
        model.sam.no_object_pointer,
    ):
        nn.init.trunc_normal_(positions, std=0.02)
    for module in model.text_prompt.modules():
        if isinstance(module, nn.Linear):
            nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
    scale = model.config.sam_config.memory_fuser_layer_scale_init_value
    for layer in model.sam.memory_encoder.memory_fuser.layers:
        nn.init.constant_(layer.scale, scale)
