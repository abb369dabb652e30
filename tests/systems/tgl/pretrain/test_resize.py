import pytest
import torch

from momentvos.data.batch import ClipBatch
from momentvos.errors import ArgumentError
from momentvos.systems.tgl.pretrain.resize import resized


def test_the_same_size_changes_nothing(mini, batch):
    again = resized(mini, 128)
    assert again is not mini
    for name, tensor in mini.state_dict().items():
        torch.testing.assert_close(again.state_dict()[name], tensor, atol=1e-5, rtol=0)
    with torch.no_grad():
        torch.testing.assert_close(again(batch).logits, mini(batch).logits, atol=1e-3, rtol=1e-3)


def test_larger_pictures_have_finer_masks_and_patches_of_the_same_share(mini, batch):
    larger = resized(mini, 192)
    assert larger.config.image_size == 192 and larger.config.adapter_patches == [6, 12, 6]
    assert mini.config.image_size == 128 and mini.config.adapter_patches == [4, 8, 4]
    changed = {
        name
        for name, tensor in mini.state_dict().items()
        if tensor.shape != larger.state_dict()[name].shape
    }
    assert changed == {f"adapters.{k}.spatial_pos_embed" for k in range(3)}
    with torch.no_grad():
        assert larger(_stretched(batch, 192)).logits.shape == (4, 8, 48, 48)


def test_it_is_saved_and_loaded_with_its_size(mini, batch, tmp_path):
    larger = resized(mini, 192)
    larger.save_pretrained(tmp_path)
    loaded = type(mini).from_pretrained(tmp_path).eval()
    loaded.tokenizer = mini.tokenizer
    wide = _stretched(batch, 192)
    with torch.no_grad():
        torch.testing.assert_close(loaded(wide).logits, larger(wide).logits)


@pytest.mark.parametrize("size", [144, 200, 129])
def test_a_size_that_divides_no_patch_is_refused(mini, size):
    with pytest.raises(ArgumentError, match=f"multiples of 32 pixels, so not at {size}"):
        resized(mini, size)


def _stretched(batch: ClipBatch, size: int) -> ClipBatch:
    from dataclasses import replace

    def wide(pictures):
        return torch.nn.functional.interpolate(pictures.float(), size).to(pictures.dtype)

    return replace(
        batch,
        frames=wide(batch.frames.flatten(0, 1)).unflatten(0, batch.frames.shape[:2]),
        masks=wide(batch.masks),
        active=wide(batch.active),
        objects=wide(batch.objects),
    )
