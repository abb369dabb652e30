"""A trained TGL for frames of another size."""

from __future__ import annotations

import copy

from momentvos.systems.tgl.model import TglModel


def resized(model: TglModel, size: int) -> TglModel:
    """The same weights for frames of `size` x `size` pixels, to be trained on there.

    Cheap steps on small frames come first, and objects are larger afterwards.
    Patches of the adapters keep their share of the frame, so their embeddings of places are
    interpolated; all other weights are the same at every size. The window attention of the stages
    keeps its windows in cells.

    Raises ArgumentError where a patch would not be a whole number of cells.
    """
    made = copy.deepcopy(model)
    made.domain_check = None  # it is of pictures of the size before
    made.set_resolution(size)
    return made
