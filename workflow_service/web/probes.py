"""Answers for machines that watch the service: alive, ready, version, metrics."""

from importlib.metadata import PackageNotFoundError, version

import flask
import prometheus_client
from prometheus_client.core import GaugeMetricFamily
from sqlalchemy import text

from workflow_service.cases import overview
from workflow_service.storage import database
from workflow_service.web import api, guard, visit

pages = flask.Blueprint("probes", __name__)


@pages.get("/healthz")
@guard.public
def alive() -> flask.Response:
    """The process runs."""
    return api.as_json({"status": "ok"})


@pages.get("/readyz")
@guard.public
def ready() -> flask.Response:
    """The database answers; 503 while it does not."""
    with database.reading(visit.site().db) as session:
        session.execute(text("SELECT 1"))
    return api.as_json({"status": "ready"})


@pages.get("/version")
@guard.public
def release() -> flask.Response:
    """The release that runs."""
    try:
        found = version("workflow-service")
    except PackageNotFoundError:  # started from a checkout that was never installed
        found = "0"
    return api.as_json({"name": "workflow-service", "version": found, "demo": visit.site().settings.demo})


class _Counts:
    """Counts what operators watch at the moment they ask."""

    def collect(self) -> list[GaugeMetricFamily]:
        with database.reading(visit.site().db) as session:
            counted = overview.counts(session, visit.now())
        return [GaugeMetricFamily(f"workflow_{name}", name.replace("_", " "), value) for name, value in counted.items()]

    def describe(self) -> list[GaugeMetricFamily]:
        return []


@pages.get("/metrics")
@guard.public
def metrics() -> flask.Response:
    """Numbers for Prometheus: how much is open, waiting, late; no names and no contents."""
    registry = prometheus_client.CollectorRegistry()
    registry.register(_Counts())
    own = prometheus_client.generate_latest(registry)
    process = prometheus_client.generate_latest(prometheus_client.REGISTRY)
    return flask.Response(own + process, mimetype="text/plain; version=0.0.4")
