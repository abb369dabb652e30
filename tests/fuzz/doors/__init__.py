"""Every door of the program, by name."""

from tests.fuzz.door import Door
from tests.fuzz.doors import (
    conversion,
    datasets,
    grounders,
    media,
    models,
    pickles,
    results,
    texts,
    training,
)

_ROOMS = (media, pickles, texts, datasets, results, conversion, training, models, grounders)
DOORS: dict[str, Door] = {name: door for room in _ROOMS for name, door in room.DOORS.items()}
