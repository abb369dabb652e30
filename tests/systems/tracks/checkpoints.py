"""Tiny random checkpoints in hub form, each of the class that the published weights have."""

import json
from collections.abc import Callable
from pathlib import Path

import torch
import transformers as tf

from momentvos.mllm import qwen_config, train_chat_tokenizer
from momentvos.sam2.sizes import sam_config, sam_mini
from momentvos.text import train_tokenizer

VOCABULARY = 1100
"""Grounding DINO knows "." and the ends of texts by BERT's own ids, the largest of them 1029."""
SENTENCES = ["the dog that jumps", "a photo of a cat", "the red square"]
SMALL = {
    "hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2,
}  # fmt: skip


def save(folder, model, tokenizer=None, images=None, std=0.05):
    """In the form of a hub repository, with weights that tell pictures apart."""
    torch.manual_seed(0)
    for parameter in model.parameters():
        if parameter.dim() > 1:
            torch.nn.init.normal_(parameter, std=std)
    for part in (model, tokenizer, images):
        if part is not None:
            part.save_pretrained(folder)
    return folder


def bert_words(folder):
    """BERT's tokenizer, of few words."""
    words = [f"[unused{n}]" for n in range(VOCABULARY)]
    words[0], words[100:104] = "[PAD]", ["[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    words[1012], words[1029] = ".", "?"
    words[200:208] = ["dog", "cat", "animal", "object", "person", "red", "square", "object##s"]
    file = folder.parent / "vocab.txt"
    file.write_text("\n".join(words) + "\n")
    return tf.BertTokenizer(str(file))


def clip_words(folder, length):
    """CLIP's tokenizer, of single letters."""
    letters = [*"abcdefghijklmnopqrstuvwxyz0123456789.,'?!-"]
    names = [*letters, *(f"{one}</w>" for one in letters)]
    names += ["<|startoftext|>", "<|endoftext|>"]
    words, merges = folder.parent / "vocab.json", folder.parent / "merges.txt"
    words.write_text(json.dumps({name: number for number, name in enumerate(names)}))
    merges.write_text("#version: 0.2\n")
    return tf.CLIPTokenizer(str(words), str(merges), model_max_length=length)


def clip_ids(tokenizer):
    """Sizes and ends of a CLIP text model for the tokenizer."""
    return {
        "vocab_size": len(tokenizer), "bos_token_id": tokenizer.bos_token_id,
        "eos_token_id": tokenizer.eos_token_id, "pad_token_id": tokenizer.pad_token_id,
    }  # fmt: skip


def dino(folder, kind="GroundingDino", stages=3):
    from transformers.models.grounding_dino.image_processing_pil_grounding_dino import (
        GroundingDinoImageProcessorPil,
    )

    backbone = tf.SwinConfig(
        image_size=64, embed_dim=8, depths=[1, 1, 1, 1], num_heads=[1, 1, 1, 1], window_size=4,
        out_features=[f"stage{number}" for number in range(5 - stages, 5)],
    )  # fmt: skip
    text = tf.BertConfig(
        vocab_size=VOCABULARY, hidden_size=16, num_hidden_layers=1, num_attention_heads=2,
        intermediate_size=32,
    )  # fmt: skip
    config = getattr(tf, f"{kind}Config")(
        backbone_config=backbone, text_config=text, d_model=64, encoder_layers=1,
        decoder_layers=2, encoder_attention_heads=2, decoder_attention_heads=2,
        encoder_ffn_dim=32, decoder_ffn_dim=32, num_queries=12, num_feature_levels=stages + 1,
        max_text_len=64, disable_custom_kernels=True,
    )  # fmt: skip
    images = GroundingDinoImageProcessorPil(size={"shortest_edge": 64, "longest_edge": 96})
    torch.manual_seed(0)
    model = getattr(tf, f"{kind}ForObjectDetection")(config)
    return save(folder, model, bert_words(folder), images)


def mm_dino(folder):
    return dino(folder, "MMGroundingDino")


def llmdet(folder):
    """LLMDet is published in MM-Grounding-DINO's class; the large one has a level more."""
    return dino(folder, "MMGroundingDino", stages=4)


def owlv2(folder):
    from transformers.models.owlv2.image_processing_pil_owlv2 import Owlv2ImageProcessorPil

    words = clip_words(folder, 16)
    config = tf.Owlv2Config(
        text_config=SMALL | {"max_position_embeddings": 16} | clip_ids(words),
        vision_config=SMALL | {"image_size": 64, "patch_size": 16}, projection_dim=16,
    )  # fmt: skip
    torch.manual_seed(0)
    images = Owlv2ImageProcessorPil(size={"height": 64, "width": 64})
    return save(folder, tf.Owlv2ForObjectDetection(config), words, images)


SAM3_IMAGES = {
    "image_processor_type": "Sam3ImageProcessorFast", "do_resize": True, "do_rescale": True,
    "do_normalize": True, "do_convert_rgb": True, "image_mean": [0.5, 0.5, 0.5],
    "image_std": [0.5, 0.5, 0.5], "resample": 2, "rescale_factor": 1 / 255,
    "size": {"height": 112, "width": 112}, "mask_size": {"height": 32, "width": 32},
}  # fmt: skip
"""What `transformers` writes for it, at another size."""


def sam3_config(words):
    from transformers.models.sam3.configuration_sam3 import Sam3Config

    vision = {
        "model_type": "sam3_vit_model", "hidden_size": 32, "intermediate_size": 64,
        "num_hidden_layers": 2, "num_attention_heads": 2, "image_size": 112, "patch_size": 14,
        "window_size": 4, "global_attn_indexes": [1], "pretrain_image_size": 56,
    }  # fmt: skip
    part = {"hidden_size": 32, "num_attention_heads": 2}
    layers = part | {"num_layers": 1, "intermediate_size": 32}
    return Sam3Config(
        vision_config={
            "backbone_config": vision, "fpn_hidden_size": 32,
            "backbone_feature_sizes": [[32, 32], [16, 16], [8, 8]],
        },
        text_config=SMALL | clip_ids(words) | {
            "model_type": "clip_text_model", "projection_dim": 16, "max_position_embeddings": 32,
        },
        geometry_encoder_config=layers, detr_encoder_config=layers,
        detr_decoder_config=layers | {"num_queries": 12}, mask_decoder_config=part,
    )  # fmt: skip


def sam3(folder):
    from transformers.models.sam3.modeling_sam3 import Sam3Model

    words = clip_words(folder, 32)
    torch.manual_seed(0)
    save(folder, Sam3Model(sam3_config(words)), words, std=0.2)
    (folder / "preprocessor_config.json").write_text(json.dumps(SAM3_IMAGES))
    return folder


def sam3_video(folder):
    """As it is published: detector and tracker in one, the processors' options in one file."""
    from transformers.models.sam3_video.configuration_sam3_video import Sam3VideoConfig
    from transformers.models.sam3_video.modeling_sam3_video import Sam3VideoModel

    words = clip_words(folder, 32)
    detector = sam3_config(words).to_dict()
    names = [
        "memory_attention_hidden_size", "memory_attention_feed_forward_hidden_size",
        "memory_encoder_hidden_size", "mask_downsampler_embed_dim", "memory_fuser_embed_dim",
        "memory_fuser_intermediate_dim",
    ]  # fmt: skip
    decoder = {
        "hidden_size": 32, "mlp_dim": 32, "num_hidden_layers": 1, "num_attention_heads": 2,
        "iou_head_hidden_dim": 32,
    }  # fmt: skip
    tracker = dict.fromkeys(names, 32) | {
        "vision_config": detector["vision_config"], "memory_attention_num_layers": 1,
        "memory_attention_num_attention_heads": 1, "memory_encoder_output_channels": 8,
        "memory_fuser_num_layers": 1, "mask_decoder_config": decoder,
        "prompt_encoder_config": {"hidden_size": 32, "image_size": 112, "patch_size": 14},
    }  # fmt: skip
    torch.manual_seed(0)
    config = Sam3VideoConfig(detector_config=detector, tracker_config=tracker)
    save(folder, Sam3VideoModel(config), words, std=0.2)
    content = {"image_processor": SAM3_IMAGES, "processor_class": "Sam3VideoProcessor"}
    (folder / "processor_config.json").write_text(json.dumps(content))
    return folder


def sam2(folder):
    torch.manual_seed(0)
    tf.Sam2VideoModel(sam_mini()).save_pretrained(folder)
    return folder


def sam21(folder):
    hiera = sam_mini().vision_config.backbone_config
    config = sam_config(
        hiera, hidden=128, layers=2, feed_forward=256, pointer_encoding=True,
        occlusion_embedding=True,
    )  # fmt: skip
    torch.manual_seed(0)
    tf.Sam2VideoModel(config).save_pretrained(folder)
    return folder


def edgetam(folder):
    """EdgeTAM at small sizes; its configuration names timm's encoder, as the published one does."""
    from tests.sam2 import edgetam_reference as reference

    from momentvos.sam2.edgetam import EdgeTam, edgetam_config

    model = EdgeTam(edgetam_config(reference.published_json("small")))
    reference.fill(model, "small").save_pretrained(folder)
    return folder


def towers(folder, kind, images, vision=SMALL, text=SMALL, words=None, **options):
    """A model that compares pictures with texts."""
    words = words or train_tokenizer(SENTENCES, 400, 16)
    ids = {"bos_token_id": 0, "pad_token_id": 1, "eos_token_id": 2, "vocab_size": len(words)}
    if isinstance(words, tf.CLIPTokenizer):
        ids = clip_ids(words)
    config = getattr(tf, f"{kind}Config")(
        text_config=text | ids | {"max_position_embeddings": 16},
        vision_config=vision | {"image_size": 32, "patch_size": 16}, **options,
    )  # fmt: skip
    torch.manual_seed(0)
    return save(folder, getattr(tf, f"{kind}Model")(config), words, images, std=0.3)


SQUARE = {"height": 32, "width": 32}


def siglip(folder):
    """SigLIP, and SigLIP2 of a fixed size, which is published in the same class."""
    from transformers.models.siglip.image_processing_pil_siglip import SiglipImageProcessorPil

    text = SMALL | {"projection_size": 16}
    return towers(folder, "Siglip", SiglipImageProcessorPil(size=SQUARE), text=text)


def siglip2_naflex(folder):
    from transformers.models.siglip2.image_processing_pil_siglip2 import Siglip2ImageProcessorPil

    images = Siglip2ImageProcessorPil(patch_size=16, max_num_patches=4)
    text = SMALL | {"projection_size": 16}
    return towers(folder, "Siglip2", images, SMALL | {"num_patches": 4}, text)


def clip(folder):
    from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil

    images = CLIPImageProcessorPil(size={"shortest_edge": 32}, crop_size=SQUARE)
    return towers(folder, "CLIP", images, words=clip_words(folder, 16), projection_dim=12)


def xclip(folder):
    from transformers.models.videomae.image_processing_pil_videomae import (
        VideoMAEImageProcessorPil,
    )

    images = VideoMAEImageProcessorPil(size={"shortest_edge": 32}, crop_size=SQUARE)
    frames = {
        "num_frames": 4, "mit_hidden_size": 16, "mit_intermediate_size": 32,
        "mit_num_attention_heads": 2,
    }  # fmt: skip
    return towers(
        folder, "XCLIP", images, SMALL | frames, words=clip_words(folder, 16), projection_dim=16,
        prompt_layers=1, prompt_num_attention_heads=2,
    )  # fmt: skip


def qwen25(folder):
    words = train_chat_tokenizer(["Which candidates are meant? Answer yes or no."], 300)
    config = qwen_config(
        words, hidden=32, layers=1, heads=2, feed_forward=48, vision=16, vision_layers=2,
        vision_heads=2, patch=4, full=(1,),
    )  # fmt: skip
    torch.manual_seed(0)
    return save(folder, tf.AutoModelForImageTextToText.from_config(config), words, std=0.2)


def qwen3(folder):
    words = train_chat_tokenizer(["Which candidates are meant? Answer yes or no."], 300)
    text = SMALL | {
        "vocab_size": len(words), "hidden_size": 32, "num_key_value_heads": 2, "head_dim": 16,
        "rope_parameters": {
            "rope_type": "default", "rope_theta": 10000.0, "mrope_section": [4, 2, 2],
            "mrope_interleaved": True,
        },
    }  # fmt: skip
    vision = {
        "depth": 1, "hidden_size": 16, "intermediate_size": 32, "num_heads": 2, "patch_size": 4,
        "out_hidden_size": 32, "num_position_embeddings": 64, "deepstack_visual_indexes": [0],
    }  # fmt: skip
    like = qwen_config(words)
    names = ("image_token_id", "video_token_id", "vision_start_token_id", "vision_end_token_id")
    ids = {name: getattr(like, name) for name in names}
    config = tf.Qwen3VLConfig(text_config=text, vision_config=vision, **ids)
    torch.manual_seed(0)
    return save(folder, tf.AutoModelForImageTextToText.from_config(config), words, std=0.2)


MAKERS: dict[str, Callable[[Path], Path]] = {
    "grounding-dino": dino,
    "mm-grounding-dino": mm_dino,
    "llmdet": llmdet,
    "owlv2": owlv2,
    "sam3": sam3,
    "sam3-video": sam3_video,
    "sam2": sam2,
    "sam2.1": sam21,
    "edgetam": edgetam,
    "siglip": siglip,
    "siglip2": siglip,
    "siglip2-naflex": siglip2_naflex,
    "clip": clip,
    "xclip": xclip,
    "qwen2.5-vl": qwen25,
    "qwen3-vl": qwen3,
}
