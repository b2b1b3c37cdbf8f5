"""The scenarios of a version or draft: played on a stage of their own, each with how it went and what no story comes to."""

import threading
from collections.abc import Mapping
from typing import Any

import flask
from sqlalchemy.orm import Session

from workflow_service import errors, scenarios
from workflow_service.bundles import programs, publish, read, scenario_file, variant_file, variants
from workflow_service.identity import roster
from workflow_service.identity.permissions import Permission
from workflow_service.storage import reference
from workflow_service.web import guard, i18n, problems, visit
from workflow_service.web import pages as shared

pages = flask.Blueprint("scenario_pages", __name__, url_prefix="/bundles")

_ONE_AT_A_TIME = threading.Lock()
_PATIENCE = 60
"""Seconds that one story waits for the one before it: each takes a processor for itself."""


@pages.get("/<int:bundle_id>/scenarios")
@guard.needs(Permission.BUNDLE_READ)
def show(bundle_id: int) -> str:
    """The stories, how each went since the last change, and the user tasks that none of them comes to."""
    with visit.reading() as session:
        bundle = publish.by_id(session, bundle_id)
        files = publish.files_of(session, bundle)
        stories = [] if variant_file.NAME in files else [name for name in files if name.startswith("scenarios/")]
        played = scenarios.played(session, bundle)
        return flask.render_template(
            "scenarios.html",
            bundle=bundle,
            variant=variant_file.NAME in files,
            rows=[_row(name, files[name], played.get(name)) for name in stories],
            missed=_missed(session, bundle, played) if stories and played.keys() >= {*stories} else None,
            who=roster.display_names(session, {one.by for one in played.values()}),
        )


def _row(name: str, content: bytes, played: scenarios.Played | None) -> dict[str, Any]:
    try:
        story = scenario_file.read(content, name)
    except errors.BadBundle:
        return {"name": name, "title": name, "steps": 0, "is_broken": True, "played": None, "told": []}
    return {
        "name": name,
        "title": i18n.either({"title": story.title, "title_en": story.title_en}, "title"),
        "steps": len(story.steps),
        "is_broken": False,
        "played": played,
        "told": [_told(one) for one in played.differences] if played else [],
    }


def _told(one: scenarios.Difference) -> dict[str, Any]:
    why = [(fault.field, problems.said(fault)) for fault in one.why]
    return {"step": one.step, "name": one.name, "why": why, "wanted": one.wanted, "found": one.found}


def _missed(session: Session, bundle: reference.Bundle, played: Mapping[str, scenarios.Played]) -> list[dict[str, Any]]:
    loaded = programs.of(session, bundle.hash)
    missed = scenarios.not_reached(loaded.program, [one.passed for one in played.values()])
    return [
        {
            "id": one.id,
            "file": f"{one.process}.bpmn",
            "name": i18n.either({"name": one.name, "name_en": one.name_en}, "name"),
        }
        for one in missed
    ]


@pages.post("/<int:bundle_id>/scenarios")
@guard.needs(Permission.BUNDLE_EDIT, Permission.BUNDLE_APPROVE)
def play(bundle_id: int) -> flask.typing.ResponseReturnValue:
    """Plays one story to its end, on a database in memory; nothing of the service's own is touched."""
    name = flask.request.form.get("name", "")
    with visit.reading() as session:
        bundle = publish.by_id(session, bundle_id)
        files = publish.files_of(session, bundle)
        counties = variants.fitting(session, read.Bundle.of(files))
    if name not in files or not name.startswith("scenarios/") or variant_file.NAME in files:
        raise errors.NotFound("流程包中没有情景“{name}”", name=name)
    outcome = _played(files, scenario_file.read(files[name], name), counties)
    with visit.writing() as session:
        scenarios.keep(session, visit.actor(), visit.now(), bundle, name, outcome)
    return shared.go("scenario_pages.show", "played", bundle_id=bundle_id, _anchor=name.rpartition("/")[2])


def _played(files: Mapping[str, bytes], story: scenario_file.Scenario, counties: list[bytes]) -> scenarios.Outcome:
    if not _ONE_AT_A_TIME.acquire(timeout=_PATIENCE):
        raise errors.Unavailable("正在试演其他情景，请稍后再试")
    try:
        return scenarios.play(files, story, counties)
    finally:
        _ONE_AT_A_TIME.release()
