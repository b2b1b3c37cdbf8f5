"""Every limit of a version or draft on one page: who is bound, from when it counts, who set it; in a draft it is changed there."""

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import flask
import orjson
from flask_babel import gettext as _
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from workflow_service import errors
from workflow_service.bundles import limits, publish, read, variant_file
from workflow_service.bundles.limits import Limit, Row
from workflow_service.identity.permissions import Permission
from workflow_service.storage import reference
from workflow_service.web import guard, i18n, limit_words, owner, problems, visit
from workflow_service.web import pages as shared

pages = flask.Blueprint("limits_pages", __name__, url_prefix="/bundles")


@pages.get("/<int:bundle_id>/limits")
@guard.needs(Permission.BUNDLE_READ)
def show(bundle_id: int) -> str:
    """The limits of a version or draft, process by process, beside those of the version it was made from."""
    return _page(bundle_id)


def _page(bundle_id: int, refused: str = "") -> str:
    with visit.reading() as session:
        bundle = publish.by_id(session, bundle_id)
        files = publish.files_of(session, bundle)
        before = {row.key: row.limit for row in limits.of(_base(session, bundle))}
        found = [problems.finding(one) for one in publish.findings(session, bundle) if one.severity == "error"]
        lanes, called = owner.lanes(files), _called(files)
        groups: dict[str, list[dict[str, Any]]] = {}
        for row in limits.of(files):
            groups.setdefault(row.file, []).append(
                _row(row, before, called) | {"lane": lanes.get(row.node.lane, row.node.lane)}
            )
        return flask.render_template(
            "limits.html",
            bundle=bundle,
            groups=groups,
            versions={name: read.digest(files[name]) for name in groups},
            titles={name: owner.title_of(name, files[name]) for name in groups},
            told=limits.told(files),
            findings=found,
            variant=variant_file.NAME in files,
            refused=refused,
            typed=flask.request.form,
            may_change=bundle.status in owner.EDITABLE and variant_file.NAME not in files,
        )


def _base(session: Session, bundle: reference.Bundle) -> Mapping[str, bytes]:
    return publish.files_of(session, publish.by_hash(session, bundle.base)) if bundle.base else {}


def _row(row: Row, before: Mapping[tuple[str, str, str], Limit | None], called: limit_words.Called) -> dict[str, Any]:
    known = before.get(row.key, row.limit)
    return {
        "element": row.node.id,
        "name": _named(row.node),
        "article": row.node.properties.get("article", ""),
        "start": limit_words.said(row.start, called),
        "expression": row.start,
        "limit": row.limit,
        "words": _words(row.limit),
        "before": _words(known) if known != row.limit else "",
        "uses": [_use(one) for one in row.uses],
        "fixed": row.is_fixed,
        "also": [{"element": one.id, "name": _named(one)} for one in row.also],
    }


def _named(node: Any) -> str:
    return i18n.either({"name": node.name or node.id, "name_en": node.properties.get("name_en")}, "name")


def _words(limit: Limit | None) -> str:
    return limit.words[1 if i18n.is_english() else 0] if limit else ""


def _use(use: str) -> str:
    return str({"due": _("办理期限"), "timer": _("届满时触发"), "text": _("写入文书或消息")}[use])


def _called(files: Mapping[str, bytes]) -> limit_words.Called:
    """How the forms of a bundle call what is filled in on them, by step and field."""

    def called(path: str) -> str:
        step, _dot, field = path.partition(".")
        name = f"forms/{step}.json"
        with suppress(orjson.JSONDecodeError, LookupError, TypeError, AttributeError):
            fields = {
                one["name"]: i18n.either(one, "label") for one in orjson.loads(files[name])["fields"] if "name" in one
            }
            title = owner.title_of(name, files[name]) or step
            return str(_("“%(form)s”中的“%(field)s”", form=title, field=fields[field]))
        return ""

    return called


@pages.post("/<int:bundle_id>/limits")
@guard.needs(Permission.BUNDLE_EDIT)
def change(bundle_id: int) -> flask.typing.ResponseReturnValue:
    """Sets another number for one limit of a draft; a refused one stands on the page as it was typed."""
    form = flask.request.form
    try:
        _change(bundle_id, form)
    except errors.Invalid as invalid:
        return _page(bundle_id, next(map(problems.said, invalid.errors))), 422
    except errors.Conflict as conflict:
        return _page(bundle_id, problems.filled(conflict.template, conflict.params)), 409
    return shared.go("limits_pages.show", "saved", bundle_id=bundle_id, _anchor=f"{form['file']}-{form['element']}")


def _change(bundle_id: int, form: MultiDict[str, str]) -> None:
    name, element = form.get("file", ""), form.get("element", "")
    with visit.writing() as session:
        draft = publish.by_id(session, bundle_id)
        content = publish.file_of(session, visit.actor(), draft, name)
        wanted = limits.Wanted(element, _limit(form, "before_"), _limit(form, ""), tuple(form.getlist("also")))
        altered = limits.changed(name, content, wanted)
        publish.change(
            session, visit.actor(), visit.now(), bundle_id, publish.Change(name, altered, form.get("expected", ""))
        )


def _limit(form: Mapping[str, str], prefix: str) -> Limit:
    urgent = form.get(f"{prefix}urgent", "").strip()
    return Limit(_whole(form.get(f"{prefix}days", ""), "days"), _whole(urgent, "urgent") if urgent else None)


def _whole(text: str, field: str) -> int:
    if text.strip().isascii() and text.strip().isdigit() and len(text.strip()) < 6:  # noqa: PLR2004  no limit is as long
        return int(text)
    raise errors.Invalid([errors.FieldError(field, "days", "请填写1至365之间的工作日数")])
