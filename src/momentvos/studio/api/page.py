"""What a browser gets at /studio: one page and its files."""

from __future__ import annotations

from pathlib import Path as File
from typing import Annotated

from fastapi import APIRouter, Header, Path, Response

from momentvos.server.shipped import Shipped

router = APIRouter(include_in_schema=False)
FILES = Shipped(File(__file__).parents[1] / "page")


@router.get("/studio")
def studio(if_none_match: Annotated[str | None, Header()] = None) -> Response:
    """The page."""
    return file("index.html", if_none_match)


@router.get("/studio/{name}")
def file(
    name: Annotated[str, Path(max_length=60)],
    if_none_match: Annotated[str | None, Header()] = None,
) -> Response:
    """A file of the page."""
    return FILES.file(name, if_none_match)
