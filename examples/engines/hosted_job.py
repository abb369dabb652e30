# /// script
# requires-python = ">=3.11"
# dependencies = ["momentvos[s3]"]
# ///
"""One job for any host that runs a file: its videos, its part of them, where the answers go.

uv run hosted_job.py s3://bucket/clips s3://bucket/out "the dog that jumps" [i/n]

Each part of n writes to its own folder below the last one; the same command goes on.
"""

import sys

from momentvos.batch import Options, Worker, gather, run
from momentvos.evaluation.shard import Shard


def main(clips: str, out: str, sentence: str, part: str = "1/1") -> int:
    """Answer; the exit code is 1 where something failed."""
    shard = Shard.parse(part)
    queries = gather([clips], [sentence], None, out)
    mine = queries[shard.number - 1 :: shard.count]
    where = out if shard.count == 1 else f"{out.rstrip('/')}/{shard.name}"
    summary = run(Worker(save="json"), mine, where, Options())
    print(f"{summary.found} found, {summary.not_found} not found, {summary.failed} failed")
    return int(summary.failed > 0)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
