"""What the server is and how it is: /api/info, /healthz, /readyz, /metrics."""

from __future__ import annotations

from dataclasses import asdict

from fastapi import APIRouter, Response
from fastapi.responses import PlainTextResponse

from momentvos import __version__
from momentvos.server.api.common import TheService, problems
from momentvos.server.metrics import CONTENT_TYPE
from momentvos.server.problem import Problem
from momentvos.server.schemas import Info

router = APIRouter(tags=["state"])


@router.get("/api/info", responses=problems())
def info(service: TheService) -> Info:
    """Models, formats and limits."""
    from momentvos.results.export.registry import exporters
    from momentvos.results.styles import STYLES

    settings = service.settings
    return Info(
        version=__version__,
        models=list(settings.models),
        exporters={name: entry.title for name, entry in exporters().items()},
        styles=list(STYLES),
        limits={name: float(value) for name, value in asdict(settings.limits).items()},
        library=settings.library is not None,
        unready=service.unready(),
    )


@router.get("/healthz", response_class=PlainTextResponse)
async def health() -> str:
    """Whether the server runs."""
    return "ok\n"


@router.get("/readyz", response_class=PlainTextResponse, responses=problems(503))
def ready(service: TheService) -> str:
    """Whether it can answer: the database is there and a device has its models loaded."""
    why = service.unready()
    if why is not None:
        raise Problem(503, why, after=5)
    return "ok\n"


@router.get("/metrics", response_class=Response, responses=problems())
def metrics(service: TheService) -> Response:
    """Figures for Prometheus."""
    ready = sum(device.ready for device in service.devices)
    return Response(service.metrics.text(service.jobs.counts(), ready), media_type=CONTENT_TYPE)
