"""Counters and gauges for Prometheus, in a registry of our own: no label ever holds anything of a person."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

MEDIA_TYPE: Final = CONTENT_TYPE_LATEST

_SECONDS: Final = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)


class Metrics:
    """What this node counts; parts of it register what they alone know."""

    def __init__(self) -> None:
        """Begin with the metrics of HTTP."""
        self._registry = CollectorRegistry(auto_describe=False)
        self._requests = Counter(
            "lounge_http_requests",
            "Requests answered, by method, route template and status.",
            ("method", "route", "status"),
            registry=self._registry,
        )
        self._durations = Histogram(
            "lounge_http_request_seconds",
            "Time from the first byte of a request to the last of its answer.",
            ("method", "route"),
            buckets=_SECONDS,
            registry=self._registry,
        )

    def answered(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count one request; `route` is a template such as /api/v1/cases/{id}, never a path."""
        self._requests.labels(method, route, str(status)).inc()
        self._durations.labels(method, route).observe(seconds)

    def gauge(self, name: str, meaning: str, read: Callable[[], float]) -> None:
        """Register a value that is read when somebody asks for the metrics, such as the number of open sockets."""
        Gauge(name, meaning, registry=self._registry).set_function(read)

    def counter(self, name: str, meaning: str) -> Callable[[float], None]:
        """Register a count that only grows, and return what adds to it."""
        return Counter(name, meaning, registry=self._registry).inc

    def histogram(
        self, name: str, meaning: str, labels: Sequence[str], buckets: Sequence[float]
    ) -> Callable[[Sequence[str], float], None]:
        """Register a distribution, and return what adds a value to it: the labels' values, then seconds."""
        histogram = Histogram(name, meaning, labels, buckets=buckets, registry=self._registry)

        def observe(values: Sequence[str], seconds: float) -> None:
            histogram.labels(*values).observe(seconds)

        return observe

    def rendered(self) -> bytes:
        """Return all metrics in Prometheus's text format."""
        return generate_latest(self._registry)
