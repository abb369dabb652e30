"""The studio added to a server."""

from __future__ import annotations

from fastapi import FastAPI

from momentvos.studio.api import annotations as annotation_routes
from momentvos.studio.api import expressions, page, projects, videos
from momentvos.studio.parts import Studio


def attach(app: FastAPI) -> None:
    """Add /studio and /api/studio to a server."""
    app.state.studio = Studio(app.state.service)
    for one in (page, projects, expressions, annotation_routes, videos):
        app.include_router(one.router)
