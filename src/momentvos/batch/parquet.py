"""``answers.parquet``: what the manifests of a folder hold, for tables of many millions."""

from __future__ import annotations

import io
from dataclasses import fields
from typing import Any

from momentvos.batch.manifest import Manifest
from momentvos.batch.record import Answer
from momentvos.results.exclusive import alone
from momentvos.results.text_file import save_bytes

NAME = "answers.parquet"
_NUMBERS = ("width", "height", "length", "tries")
_REALS = ("presence", "fps", "duration", "elapsed")


def save_parquet(manifest: Manifest) -> None:
    """Write the last word on each question, one row each. Raises OutputError."""
    import pyarrow as pa
    from pyarrow import parquet

    kinds: dict[str, Any] = dict.fromkeys(_NUMBERS, pa.int64())
    kinds |= dict.fromkeys(_REALS, pa.float64())
    kinds |= {
        "in_domain": pa.bool_(),
        "notes": pa.list_(pa.string()),
        "moment": pa.list_(pa.list_(pa.int64())),
        "seconds": pa.list_(pa.list_(pa.float64())),
    }
    names = [one.name for one in fields(Answer) if one.name != "prediction"]
    schema = pa.schema([(name, kinds.get(name, pa.string())) for name in names])
    with alone(manifest.folder, "conclude"):
        rows = [_plain(one) for one in manifest.read().values()]
        file = io.BytesIO()
        parquet.write_table(pa.Table.from_pylist(rows, schema), file, compression="zstd")
        save_bytes(manifest.folder / NAME, file.getvalue())


def _plain(answer: Answer) -> dict[str, Any]:
    """Values whose text is Unicode; names of files need not be."""
    row = answer.to_json()
    return {
        name: value.encode("utf-8", "replace").decode() if isinstance(value, str) else value
        for name, value in row.items()
    }
