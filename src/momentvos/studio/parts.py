"""The parts of the studio on a running server's database."""

from __future__ import annotations

from threading import BoundedSemaphore

from momentvos.server.service import Service
from momentvos.studio.items import Items
from momentvos.studio.masks import MaskReader
from momentvos.studio.projects import Projects
from momentvos.studio.queries import Queries
from momentvos.studio.schema import migrate


class Studio:
    """Parts of the studio.

    sources: ids among the server's videos by the studio's, as far as they were asked for.
    exporting: held while an export is written, which takes the memory of a whole project.
    """

    def __init__(self, service: Service) -> None:
        migrate(service.database.engine)
        self.service = service
        self.projects = Projects(service.database)
        self.items = Items(service.database)
        self.queries = Queries(service.database)
        self.masks = MaskReader()
        self.sources: dict[int, str] = {}
        self.exporting = BoundedSemaphore(service.settings.limits.renders)
