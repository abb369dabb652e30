"""Figures for Prometheus."""

from __future__ import annotations

from collections.abc import Mapping

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from momentvos.server.states import ENDED, QUEUED, RUNNING

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 60.0)


class Metrics:
    """The figures of one server."""

    def __init__(self) -> None:
        self._registry = registry = CollectorRegistry()
        self.requests = Counter(
            "momentvos_requests", "Requests.", ("method", "route", "status"), registry=registry
        )
        self.seconds = Histogram(
            "momentvos_request_seconds",
            "Seconds from a request to the end of its answer.",
            ("route",),
            buckets=_BUCKETS,
            registry=registry,
        )
        self.restarts = Counter(
            "momentvos_worker_restarts",
            "Processes that were ended or lost while they computed.",
            ("reason",),
            registry=registry,
        )
        self.uploads = Counter(
            "momentvos_upload_bytes", "Bytes of videos received.", registry=registry
        )
        self._jobs = Gauge("momentvos_jobs", "Jobs by state.", ("state",), registry=registry)
        self._ready = Gauge("momentvos_devices_ready", "Devices at work.", registry=registry)

    def text(self, jobs: Mapping[str, int], ready: int) -> bytes:
        """All figures. jobs: number by state. ready: devices whose models are loaded."""
        for state in (QUEUED, RUNNING, *ENDED):
            self._jobs.labels(state).set(jobs.get(state, 0))
        self._ready.set(ready)
        return generate_latest(self._registry)
