"""Names that the shell completes; nothing here imports PyTorch."""

from pathlib import Path

Item = tuple[str, str]
"""A name, and what it is."""


def models(incomplete: str) -> list[Item]:
    """Names that ``--model`` takes."""
    from momentvos.hub.load import known_models

    kinds = ("bundled", "pulled", "public")
    return [
        (one.name, one.about)
        for one in known_models()
        if one.source in kinds and one.name.startswith(incomplete)
    ]


def public(incomplete: str) -> list[Item]:
    """Names that `momentvos pull` takes."""
    from momentvos.hub.load import known_models

    return [
        (one.name, one.about)
        for one in known_models()
        if one.source in ("public", "part", "pulled") and one.name.startswith(incomplete)
    ]


def known(incomplete: str) -> list[Item]:
    """Names that `momentvos models` lists."""
    from momentvos.hub.load import known_models

    return [(one.name, one.about) for one in known_models() if one.name.startswith(incomplete)]


def grounders(incomplete: str) -> list[Item]:
    """Grounders; behind a ``+`` the next one."""
    from momentvos.grounding.registry import grounders as registered

    before, plus, last = incomplete.rpartition("+")
    entries = registered().items()
    return [(before + plus + name, one.title) for name, one in entries if name.startswith(last)]


def devices(incomplete: str) -> list[str]:
    """Devices that PyTorch knows."""
    return [one for one in ("auto", "cpu", "cuda", "mps") if one.startswith(incomplete)]


def benchmarks(incomplete: str) -> list[Item]:
    """Benchmarks that have a data set."""
    from momentvos.evaluation.benchmarks import BENCHMARKS

    every = BENCHMARKS.values()
    return [(one.name, one.about) for one in every if one.name.startswith(incomplete)]


def datasets(incomplete: str) -> list[Item]:
    """Data sets that are read."""
    from momentvos.data.formats import datasets as known_sets

    every = known_sets().values()
    return [(one.name, one.title) for one in every if one.name.startswith(incomplete)]


def recipes(incomplete: str) -> list[str]:
    """Recipes in the folder that is being written: files, and folders on the way to them."""
    folder = Path(incomplete or ".")
    folder = folder if incomplete.endswith(("/", "\\")) or not incomplete else folder.parent
    try:
        entries = sorted(folder.iterdir())
    except OSError:
        return []
    named = [
        f"{one}/" if one.is_dir() else str(one)
        for one in entries
        if one.is_dir() or one.suffix in (".yaml", ".yml", ".json")
    ]
    return [one for one in named if one.startswith(incomplete)]
