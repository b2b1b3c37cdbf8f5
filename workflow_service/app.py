"""Joins the parts into the web application; nothing else knows all of them."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import flask
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.routing import IntegerConverter, Map

from workflow_service import demo, worker
from workflow_service.settings import Settings
from workflow_service.web import (
    api,
    api_audit,
    api_bundles,
    api_cases,
    api_library,
    api_operations,
    api_tasks,
    auditor,
    case_pages,
    differences,
    editors,
    guard,
    headers,
    i18n,
    library_pages,
    limits_pages,
    mending_pages,
    operator,
    owner,
    pages,
    people_pages,
    probes,
    problems,
    saved_pages,
    scenario_pages,
    sealed_pages,
    signin,
    staff,
    task_pages,
    unit_pages,
    visit,
)

BLUEPRINTS = (
    signin.pages,
    staff.pages,
    task_pages.pages,
    case_pages.pages,
    saved_pages.pages,
    sealed_pages.pages,
    library_pages.pages,
    auditor.pages,
    owner.pages,
    editors.pages,
    differences.pages,
    limits_pages.pages,
    scenario_pages.pages,
    mending_pages.pages,
    operator.pages,
    people_pages.pages,
    unit_pages.pages,
    probes.pages,
)
AREAS = (api_tasks, api_cases, sealed_pages, api_library, api_audit, api_bundles, api_operations)
"""The parts of the API; each offers its operations when it is imported."""


class _Number(IntegerConverter):
    """A number in an address; one that no row can have is nobody's page, and the database is not asked for it."""

    def __init__(self, url_map: Map) -> None:
        super().__init__(url_map, max=2**31 - 1)


class _App(flask.Flask):
    """Flask without coroutines: none of our views is one, and it would look at each of them again in every request."""

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        return func


def create_app(settings: Settings, clock: Callable[[], datetime], one: worker.Worker) -> flask.Flask:
    """The web application.

    Args:
        clock: the time, UTC; in demo mode a movable one.
        one: this process's worker, with the database, the mail and the safe for sealed opinions.
    """
    app = _App("workflow_service", template_folder="web/templates", static_folder="web/static")
    app.config.update(MAX_CONTENT_LENGTH=settings.upload_limit, MAX_FORM_PARTS=5000, MAX_FORM_MEMORY_SIZE=5_000_000)
    app.json.sort_keys = False  # type: ignore[attr-defined]  # the default provider has it
    app.url_map.converters["int"] = _Number
    app.jinja_env.policies["json.dumps_kwargs"] = {"sort_keys": False, "ensure_ascii": False}
    movable = clock if isinstance(clock, demo.MovableClock) else None
    app.extensions[visit.EXTENSION] = visit.Site(settings, clock, one, movable)
    i18n.install(app)
    problems.install(app)
    pages.install(app)
    app.before_request(guard.watch)
    app.after_request(headers.add)
    app.after_request(problems.refusing(visit.write_accesses))
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
    app.register_blueprint(api.blueprint(demo=settings.demo))
    guard.public(app.view_functions["static"])
    app.wsgi_app = headers.Headed(app.wsgi_app)  # type: ignore[method-assign]  # the documented place for it
    if settings.base_url.startswith("https:"):
        app.wsgi_app = ProxyFix(app.wsgi_app)  # type: ignore[method-assign]  # behind the proxy that ends TLS
    return app
