"""Find circles of imports between the files of a package; exit code 1 where there is one.

python tools/check_imports.py

Imports inside functions count, for a circle is a circle whenever it closes; imports for type
checkers alone do not. The order of the rooms is import-linter's part (`lint-imports`, with the
contracts of pyproject.toml), where type-only imports count too.
"""

import sys

import grimp
import networkx as nx


def circles(package: str) -> list[list[str]]:
    """Return the sets of modules that import each other, directly or not, each in sorted order."""
    graph = grimp.build_graph(package, exclude_type_checking_imports=True, cache_dir=None)
    imports = nx.DiGraph(
        (importer, imported)
        for importer in graph.modules
        for imported in graph.find_modules_directly_imported_by(importer)
    )
    cycles = [part for part in nx.strongly_connected_components(imports) if len(part) > 1]
    return sorted(sorted(part) for part in cycles)


def main(package: str = "momentvos") -> int:
    """Print each circle and return the exit code."""
    cycles = circles(package)
    for modules in cycles:
        print(f"{package}: these files import each other in a circle: {', '.join(modules)}")
    if not cycles:
        print(f"{package}: no circle of imports between files")
    return 1 if cycles else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:2]))
