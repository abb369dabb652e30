"""What routes of the studio share."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Depends, Path, Request

from momentvos.server.problem import MEDIA_TYPE
from momentvos.studio.parts import Studio
from momentvos.studio.schemas import Conflict

Id = Annotated[int, Path(ge=1, le=1 << 53)]


def _studio(request: Request) -> Studio:
    studio: Studio = request.app.state.studio
    return studio


TheStudio = Annotated[Studio, Depends(_studio)]
REFUSED: dict[int | str, dict[str, Any]] = {
    409: {
        "model": Conflict,
        "description": "It was changed meanwhile: what a merge needs.",
        "content": {MEDIA_TYPE: {}},
    }
}
