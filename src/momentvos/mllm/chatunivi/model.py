"""Chat-UniVi as a ``transformers`` model: CLIP, token merging, a projection, Llama."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from transformers import (
    AutoConfig,
    AutoModelForImageTextToText,
    Cache,
    CLIPVisionModel,
    GenerationMixin,
    LlamaModel,
    PreTrainedModel,
)
from transformers.modeling_outputs import BaseModelOutputWithPast, CausalLMOutputWithPast

from momentvos.mllm.chatunivi.config import MODEL_TYPE, ChatUniViConfig
from momentvos.mllm.chatunivi.merge import image_tokens, video_tokens
from momentvos.mllm.chatunivi.visual_input import MAX_STILLS


def register() -> None:
    """Make ``AutoConfig`` and ``AutoModelForImageTextToText`` know the model; again does nothing.

    Systems that take a language model of any kind call it before they look one up.
    """
    AutoConfig.register(MODEL_TYPE, ChatUniViConfig, exist_ok=True)
    AutoModelForImageTextToText.register(
        ChatUniViConfig, ChatUniViForConditionalGeneration, exist_ok=True
    )


class ChatUniViPreTrainedModel(PreTrainedModel):
    """Common base of the two classes below."""

    config_class = ChatUniViConfig
    config: ChatUniViConfig
    base_model_prefix = "model"
    supports_gradient_checkpointing = True
    _no_split_modules = ["LlamaDecoderLayer", "CLIPEncoderLayer"]
    _skip_keys_device_placement = ["past_key_values"]
    _supports_sdpa = True
    _supports_flash_attn = True


class ChatUniViModel(ChatUniViPreTrainedModel):
    """Chat-UniVi without its head.

    Attributes:
        vision_tower: CLIP.
        projector: patches' width to Llama's; the only weights between the two.
        language_model: Llama.
    """

    def __init__(self, config: ChatUniViConfig) -> None:
        super().__init__(config)
        self.vision_tower = CLIPVisionModel(config.vision_config)
        width = config.text_config.hidden_size
        self.projector = nn.Linear(config.vision_config.hidden_size, width)
        self.language_model = LlamaModel(config.text_config)
        self.post_init()

    def get_input_embeddings(self) -> nn.Module:
        """The embeddings of Llama."""
        return self.language_model.get_input_embeddings()

    def set_input_embeddings(self, value: nn.Module) -> None:
        """Replace the embeddings of Llama."""
        self.language_model.set_input_embeddings(value)

    def patches(self, pixels: Tensor) -> Tensor:
        """Frames [F, 3 * S * S], normalised, to CLIP's features of their patches [F, N, D]."""
        frames = pixels.view(len(pixels), 3, self.config.side, self.config.side)
        out: Any = self.vision_tower(frames.to(self.vision_tower.dtype), output_hidden_states=True)
        features: Tensor = out.hidden_states[self.config.vision_layer][:, 1:]
        return features

    def image_tokens(self, pixels: Tensor) -> Tensor:
        """Frames [F, 3 * S * S], each an image, to Llama's visual tokens [F * tokens, D]."""
        config = self.config
        merged = image_tokens(self.patches(pixels), config.clusters, config.neighbours)
        tokens: Tensor = self.projector(merged.flatten(0, 1))
        return tokens

    def video_tokens(self, pixels: Tensor) -> Tensor:
        """Frames [T, 3 * S * S] of one video to visual tokens [events * tokens, D]."""
        if len(pixels) <= MAX_STILLS:
            return self.image_tokens(pixels)
        config = self.config
        merged = video_tokens(
            self.patches(pixels),
            config.clusters,
            config.neighbours,
            config.events(len(pixels)),
            config.event_neighbours,
        )
        tokens: Tensor = self.projector(merged)
        return tokens

    def embed(
        self,
        ids: Tensor,
        pixel_values: Tensor | None,
        pixel_values_videos: Tensor | None,
        video_grid_thw: Tensor | None,
    ) -> Tensor:
        """Token ids [B, L] to [B, L, D], with visual tokens in their places.

        Raises ValueError where places and tokens are not equally many.
        """
        embedded: Tensor = self.get_input_embeddings()(ids.clamp(min=0))
        images = ids == self.config.image_token_id
        videos = ids == self.config.video_token_id
        if pixel_values is not None and images.any():
            embedded = _placed(embedded, images, self.image_tokens(pixel_values))
        if pixel_values_videos is not None and video_grid_thw is not None and videos.any():
            frames = video_grid_thw[:, 1].tolist()
            films = [self.video_tokens(one) for one in pixel_values_videos.split(frames)]
            embedded = _placed(embedded, videos, torch.cat(films))
        return embedded

    def forward(
        self,
        input_ids: Tensor | None = None,
        attention_mask: Tensor | None = None,
        position_ids: Tensor | None = None,
        past_key_values: Cache | None = None,
        inputs_embeds: Tensor | None = None,
        pixel_values: Tensor | None = None,
        image_grid_thw: Tensor | None = None,
        pixel_values_videos: Tensor | None = None,
        video_grid_thw: Tensor | None = None,
        **kwargs: Any,
    ) -> BaseModelOutputWithPast:
        """States of the last layer, after its norm.

        position_ids: [B, L], or [3, B, L] as :class:`momentvos.mllm.Inputs` has it, of which the
        first row counts. pixel_values, pixel_values_videos: frames [F, 3 * S * S];
        video_grid_thw: per video (tokens, frames, frames); image_grid_thw tells nothing new.
        """
        if inputs_embeds is None:
            if input_ids is None:
                raise ValueError("neither input_ids nor inputs_embeds")
            inputs_embeds = self.embed(input_ids, pixel_values, pixel_values_videos, video_grid_thw)
        if position_ids is not None and position_ids.ndim == 3:
            position_ids = position_ids[0]
        out: BaseModelOutputWithPast = self.language_model(
            attention_mask=attention_mask,
            position_ids=position_ids,
            past_key_values=past_key_values,
            inputs_embeds=inputs_embeds,
            **kwargs,
        )
        return out


class ChatUniViForConditionalGeneration(ChatUniViPreTrainedModel, GenerationMixin):
    """Chat-UniVi with its language modelling head."""

    _tied_weights_keys = {"lm_head.weight": "model.language_model.embed_tokens.weight"}

    def __init__(self, config: ChatUniViConfig) -> None:
        super().__init__(config)
        self.model = ChatUniViModel(config)
        text = config.text_config
        self.lm_head = nn.Linear(text.hidden_size, text.vocab_size, bias=False)
        self.post_init()

    def get_input_embeddings(self) -> nn.Module:
        """The embeddings of Llama."""
        return self.model.get_input_embeddings()

    def set_input_embeddings(self, value: nn.Module) -> None:
        """Replace the embeddings of Llama."""
        self.model.set_input_embeddings(value)

    def get_output_embeddings(self) -> nn.Module:
        """The head."""
        return self.lm_head

    def set_output_embeddings(self, new_embeddings: nn.Linear) -> None:
        """Replace the head."""
        self.lm_head = new_embeddings

    def forward(
        self,
        input_ids: Tensor | None = None,
        attention_mask: Tensor | None = None,
        position_ids: Tensor | None = None,
        past_key_values: Cache | None = None,
        inputs_embeds: Tensor | None = None,
        pixel_values: Tensor | None = None,
        image_grid_thw: Tensor | None = None,
        pixel_values_videos: Tensor | None = None,
        video_grid_thw: Tensor | None = None,
        labels: Tensor | None = None,
        logits_to_keep: int = 0,
        **kwargs: Any,
    ) -> CausalLMOutputWithPast:
        """Logits [B, L, V] of the last `logits_to_keep` places (0: all), and the loss of `labels`.

        See :meth:`ChatUniViModel.forward` for the rest.
        """
        out = self.model(
            input_ids=input_ids,
            attention_mask=attention_mask,
            position_ids=position_ids,
            past_key_values=past_key_values,
            inputs_embeds=inputs_embeds,
            pixel_values=pixel_values,
            pixel_values_videos=pixel_values_videos,
            video_grid_thw=video_grid_thw,
            **kwargs,
        )
        logits = self.lm_head(out.last_hidden_state[:, -logits_to_keep:])
        loss = None
        if labels is not None:
            loss = self.loss_function(logits, labels, self.config.text_config.vocab_size)
        return CausalLMOutputWithPast(
            loss=loss,
            logits=logits,
            past_key_values=out.past_key_values,
            hidden_states=out.hidden_states,
            attentions=out.attentions,
        )


def _placed(embedded: Tensor, places: Tensor, tokens: Tensor) -> Tensor:
    if int(places.sum()) != len(tokens):
        raise ValueError(f"{int(places.sum())} places for {len(tokens)} visual tokens")
    return embedded.masked_scatter(places[..., None], tokens.to(embedded.dtype))
