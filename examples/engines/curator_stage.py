"""A stage of NeMo Curator: groups of video files in, a table of answers out.

pip install 'momentvos[curator]'
"""

from dataclasses import dataclass, field

import pandas as pd
from nemo_curator.stages.base import ProcessingStage
from nemo_curator.stages.resources import Resources
from nemo_curator.tasks import DocumentBatch, FileGroupTask

from momentvos.batch import Query, TransientError, Worker

TRIES = 3


@dataclass
class MomentStage(ProcessingStage[FileGroupTask, DocumentBatch]):
    """Moments, and with `worker.out` the masks, of sentences in the files of each task."""

    sentences: tuple[str, ...] = ()
    worker: Worker = field(default_factory=Worker)
    name: str = "momentvos"

    def __post_init__(self) -> None:
        needs = self.worker.resources
        self.resources = Resources(cpus=needs["cpus"], gpus=needs["gpus"])

    def inputs(self) -> tuple[list[str], list[str]]:
        """What of a task it reads."""
        return ["data"], []

    def outputs(self) -> tuple[list[str], list[str]]:
        """Columns that it adds."""
        return ["data"], list(self.worker.outputs)

    def setup(self, worker_metadata: object = None) -> None:
        """Load the model, once for each process."""
        self.worker.setup()

    def process(self, task: FileGroupTask) -> DocumentBatch:
        """Answer all sentences about all files."""
        rows = [
            answer.to_json()
            for path in task.data
            for answer in self._record(Query.of(path, self.sentences)).answers
        ]
        return DocumentBatch(dataset_name=task.dataset_name, data=pd.DataFrame(rows))

    def _record(self, query: Query):
        for _ in range(TRIES - 1):
            try:
                return self.worker(query)
            except TransientError as error:
                if error.fresh:
                    raise
        return self.worker(query)
