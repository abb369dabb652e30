"""Questions about a column of videos in Daft: paths become answers, on one machine or a cluster.

pip install momentvos daft
python daft_udf.py "the dog that jumps" clips/*.mp4
"""

import sys

import daft

from momentvos.batch import Query, Worker

ANSWER = daft.DataType.struct(
    {
        "status": daft.DataType.string(),
        "presence": daft.DataType.float64(),
        "seconds": daft.DataType.list(daft.DataType.list(daft.DataType.float64())),
        "error": daft.DataType.string(),
    }
)


@daft.udf(return_dtype=ANSWER, batch_size=8)
class Answered:
    """The first answer about each path; the model is loaded once for each process."""

    def __init__(self, sentence: str, device: str = "auto") -> None:
        self.sentence, self.worker = sentence, Worker(device=device)
        self.worker.setup()

    def __call__(self, paths: daft.Series) -> list[dict]:
        """Answer a part of the column."""
        rows = []
        for path in paths.to_pylist():
            (answer,) = self.worker(Query.of(path, [self.sentence])).answers
            row = answer.to_json()
            rows.append({name: row[name] for name in ("status", "presence", "error")})
            rows[-1]["seconds"] = [list(span) for span in answer.seconds]
        return rows


def main(sentence: str, paths: list[str], device: str = "auto") -> list[dict]:
    """Ask, and give the rows."""
    ask = Answered.with_init_args(sentence, device)
    table = daft.from_pydict({"video": paths})
    return table.with_column("answer", ask(daft.col("video"))).to_pylist()


if __name__ == "__main__":
    for row in main(sys.argv[1], sys.argv[2:]):
        print(row["video"], row["answer"]["status"], row["answer"]["seconds"])
