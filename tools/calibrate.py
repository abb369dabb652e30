"""Choose the thresholds of a model folder on MomentWorld val and write them into its config.

python tools/calibrate.py runs/world-mini/best --videos 60

Where things are judged, their thresholds are chosen, and those of frames stay as they are.
"""

import argparse
import sys

import momentvos
from momentvos.evaluation.calibration import choose, observe
from momentvos.moment import MEDIAN


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", help="folder written by save_pretrained")
    parser.add_argument("--videos", type=int, default=60)
    parser.add_argument("--dry-run", action="store_true", help="print, write nothing")
    options = parser.parse_args()
    model = momentvos.load(options.model)

    def progress(done: int, total: int) -> None:
        print(f"\r{done} of {total} videos", end="", file=sys.stderr, flush=True)

    rows = observe(model, "val", options.videos, progress=progress)
    chosen = choose(rows, getattr(model.config, "relevance_median", MEDIAN))
    print(file=sys.stderr)
    print(chosen)
    if not options.dry_run:
        if model.judge is not None and model.config.consensus:
            model.config.things_threshold = chosen.relevance
            model.config.things_presence = chosen.presence
        else:
            model.config.relevance_threshold = chosen.relevance
            model.config.presence_threshold = chosen.presence
        model.config.save_pretrained(options.model)


if __name__ == "__main__":
    main()
