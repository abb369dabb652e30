"""The studio in a running server: its parts on the server's database, and its routes."""

from __future__ import annotations

from fastapi import FastAPI

from momentvos.server.service import Service
from momentvos.studio.items import Items
from momentvos.studio.masks import MaskReader
from momentvos.studio.projects import Projects
from momentvos.studio.queries import Queries
from momentvos.studio.schema import migrate


class Studio:
    """Parts of the studio.

    sources: ids among the server's videos by the studio's, as far as they were asked for.
    """

    def __init__(self, service: Service) -> None:
        migrate(service.database.engine)
        self.service = service
        self.projects = Projects(service.database)
        self.items = Items(service.database)
        self.queries = Queries(service.database)
        self.masks = MaskReader()
        self.sources: dict[int, str] = {}


def attach(app: FastAPI) -> None:
    """Add the studio to a server: /studio and /api/studio."""
    from momentvos.studio.api import annotations, expressions, page, projects, videos

    app.state.studio = Studio(app.state.service)
    for one in (page, projects, expressions, annotations, videos):
        app.include_router(one.router)
