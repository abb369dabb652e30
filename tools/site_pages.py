"""MkDocs hook: what differs between the site and the files of docs/ as they are read elsewhere.

Notebooks become pages, with the outputs stored in them. Short code in a sentence or a table stays
in one piece: `--feather` is not broken behind its dashes. A picture leads to itself in full size.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.files import Files

_STYLE = re.compile(r"<style.*?</style>", re.DOTALL)
_SHORT = re.compile(r"<code>([^<\n]{1,18})</code>")
_PICTURE = re.compile(r'<img [^>]*src="([^"]+\.(?:png|webp))"[^>]*>')
_LINK = re.compile(r"\]\(([^()\s]+)\.ipynb\)")


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add a page for each notebook; the notebook itself stays, to be downloaded."""
    from mkdocs.structure.files import File

    for file in list(files):
        if file.src_uri.endswith(".ipynb") and file.abs_src_path:
            notebook = json.loads(Path(file.abs_src_path).read_text("utf-8"))
            name = f"{file.src_uri.removesuffix('.ipynb')}.md"
            text = markdown(notebook, Path(file.src_uri).name)
            files.append(File.generated(config, name, content=text))
    return files


def on_page_markdown(markdown: str, **others: Any) -> str:
    """Lead links to notebooks to their pages."""
    return _LINK.sub(r"](\1.md)", markdown)


def on_page_content(html: str, **others: Any) -> str:
    """Mark code that is short enough to fit any column, and link pictures."""
    html = _PICTURE.sub(r'<a class="picture" href="\1">\g<0></a>', html)
    return _SHORT.sub(r'<code class="short">\1</code>', html)


def markdown(notebook: dict[str, Any], name: str) -> str:
    """A notebook as Markdown."""
    title, *parts = [part for cell in notebook["cells"] for part in _cell(cell)]
    heading, _, rest = title.partition("\n")
    download = f'<a href="../{name}" download>Download this notebook</a>'
    return "\n\n".join([heading, download, rest.strip(), *parts]) + "\n"


def _cell(cell: dict[str, Any]) -> list[str]:
    source = "".join(cell["source"])
    if cell["cell_type"] == "markdown":
        return [source]
    return [_fenced("python", source), *filter(None, map(_output, cell.get("outputs", ())))]


def _output(output: dict[str, Any]) -> str:
    data = output.get("data", {})
    if "text/html" in data:
        html = _STYLE.sub("", "".join(data["text/html"]))
        return f'<div class="output">{html}</div>'
    if "image/png" in data:
        png = "".join(data["image/png"]).strip()
        return f'<div class="output"><img alt="figure" src="data:image/png;base64,{png}"></div>'
    text = "".join(data.get("text/plain", output.get("text", ""))).strip("\n")
    return _fenced("text", text) if text else ""


def _fenced(kind: str, text: str) -> str:
    return f"```{kind}\n{text}\n```"
