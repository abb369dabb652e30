"""Options that say what divides the work: processes of this machine, or a Ray cluster."""

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from momentvos.errors import ClusterError

if TYPE_CHECKING:
    from momentvos.batch.evaluation import Cluster


class Engine(StrEnum):
    """What divides the work."""

    local = "local"
    ray = "ray"


EngineName = Annotated[
    Engine,
    typer.Option("--engine", help="Processes of this machine, or actors of a Ray cluster."),
]
Address = Annotated[
    str | None,
    typer.Option(
        help="Of the Ray cluster, HOST:PORT or auto.  [default: one that is started here]"
    ),
]
Workers = Annotated[
    int | None,
    typer.Option(
        min=1,
        max=100_000,
        help="Processes, each with the model loaded once; of a cluster the most that it may "
        "have.  [default: 1; of a cluster as many as it has room for]",
    ),
]
Gpus = Annotated[
    float,
    typer.Option(min=0.01, max=64, help="GPUs of each actor; at 0.5 two share one."),
]


def check(engine: Engine, address: str | None) -> None:
    """Raise ClusterError for an address without its engine."""
    if engine is Engine.local and address is not None:
        raise ClusterError("--address is that of a Ray cluster: add --engine ray.")


def of_evaluation(
    engine: Engine, address: str | None, workers: int | None, gpus: float, threads: int | None
) -> "Cluster | None":
    """The cluster that an evaluation is to ask; None: this process answers.

    Raises ClusterError for options that need a cluster, ExtraError without Ray.
    """
    check(engine, address)
    if engine is Engine.ray:
        from momentvos.batch.evaluation import Cluster
        from momentvos.batch.ray_cluster import check_installed

        check_installed()
        return Cluster(address, workers, threads or 1, gpus)
    if (workers or 1) > 1:
        raise ClusterError(
            "An evaluation has one process here: add --engine ray, or divide it by --shard or "
            "`accelerate launch`."
        )
    return None
