"""Every door of the program, by name."""

from tests.fuzz.door import Door
from tests.fuzz.doors import (
    batch,
    benchmarks,
    conversion,
    datasets,
    grounders,
    media,
    models,
    pickles,
    results,
    settings,
    texts,
    training,
)

_DATA = (media, pickles, texts, datasets, benchmarks, results, batch, settings)
_ROOMS = (*_DATA, conversion, training, models, grounders)
DOORS: dict[str, Door] = {name: door for room in _ROOMS for name, door in room.DOORS.items()}
