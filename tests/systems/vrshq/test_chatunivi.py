"""The same system on Chat-UniVi, which the released weights are built on."""

import torch
from transformers import CLIPVisionConfig, LlamaConfig

from momentvos.mllm.chatunivi import ChatUniViConfig
from momentvos.systems.vrshq.model import VrsHqModel
from momentvos.systems.vrshq.prompter import Prompter


def vicuna(tokenizer):
    vision = CLIPVisionConfig(
        hidden_size=16,
        intermediate_size=24,
        num_hidden_layers=2,
        num_attention_heads=2,
        image_size=32,
        patch_size=8,
    )
    text = LlamaConfig(
        vocab_size=len(tokenizer) + 8,
        hidden_size=32,
        intermediate_size=48,
        num_hidden_layers=2,
        num_attention_heads=2,
        max_position_embeddings=1024,
        bos_token_id=None,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    return ChatUniViConfig(vision_config=vision, text_config=text, clusters=(6, 3, 2))


def test_it_segments_learns_answers_and_is_saved(build, mini, examples, video, tmp_path):
    model = build(mllm_config=vicuna(mini.tokenizer), backbone_trainable=False)
    trained = {name.split(".")[1] for name, p in model.named_parameters() if p.requires_grad}
    assert {"model", "lm_head", "mask_decoder"} <= trained
    assert not any(p.requires_grad for p in model.mllm.model.vision_tower.parameters())
    terms = model(examples).losses
    assert set(terms) == {"loss", "language", "mask", "dice"}
    terms["loss"].backward()
    assert all(torch.isfinite(p.grad).all() for p in model.parameters() if p.grad is not None)
    with torch.no_grad():
        model.sam.mask_decoder.pred_obj_score_head.proj_out.bias += 3
    prediction = model.segment(video, "the dog that jumps")
    assert prediction.found and len(prediction.scores) == 20
    assert isinstance(model.ask(video, "What is this?"), str)
    model.save_pretrained(tmp_path)
    loaded = VrsHqModel.from_pretrained(tmp_path).eval()
    assert loaded.segment(video, "the dog that jumps").masklet == prediction.masklet


@torch.no_grad()
def test_further_sentences_are_answered_as_if_they_were_first(build, mini, video):
    model = build(mllm_config=vicuna(mini.tokenizer))
    prompter = Prompter(model, video)
    prompter.tokens((1, 3, 5), "the dog")
    again = prompter.tokens((1, 3, 5), "the dog that jumps")
    first = Prompter(model, video).tokens((1, 3, 5), "the dog that jumps")
    torch.testing.assert_close(again.seg, first.seg, atol=1e-4, rtol=1e-3)
    torch.testing.assert_close(again.tak, first.tak, atol=1e-4, rtol=1e-3)
