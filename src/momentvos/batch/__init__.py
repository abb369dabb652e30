"""Many videos: a worker for any engine, a local engine, and a folder that a run goes on with.

from momentvos.batch import Worker, gather, run

if __name__ == "__main__":
    queries = gather(["clips"], ["the dog that jumps"], None, out="out")
    print(run(Worker(device="cpu"), queries, "out").found)
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from momentvos.batch.engine import Options as Options
    from momentvos.batch.engine import run as run
    from momentvos.batch.failure import StopError as StopError
    from momentvos.batch.failure import TransientError as TransientError
    from momentvos.batch.queries import gather as gather
    from momentvos.batch.query import Ask as Ask
    from momentvos.batch.query import Query as Query
    from momentvos.batch.record import Answer as Answer
    from momentvos.batch.record import Record as Record
    from momentvos.batch.summary import Summary as Summary
    from momentvos.batch.worker import Worker as Worker

_HOMES = {
    "Answer": "record",
    "Ask": "query",
    "Options": "engine",
    "Query": "query",
    "Record": "record",
    "StopError": "failure",
    "Summary": "summary",
    "TransientError": "failure",
    "Worker": "worker",
    "gather": "queries",
    "run": "engine",
}
__all__ = [
    "Answer",
    "Ask",
    "Options",
    "Query",
    "Record",
    "StopError",
    "Summary",
    "TransientError",
    "Worker",
    "gather",
    "run",
]


def __getattr__(name: str) -> Any:
    """Resolve a public name on first use."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = value
    return value
