"""The desk of process owners: versions and drafts, their files and findings, approval and publication."""

import html
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import flask
import orjson
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from workflow_service import errors, scenarios
from workflow_service.bundles import check, diff, names, overtaken, programs, publish, read, variant_file, variants
from workflow_service.cases import overview
from workflow_service.identity import roster
from workflow_service.identity.permissions import Permission
from workflow_service.storage import reference
from workflow_service.web import api_bundles, guard, headers, i18n, problems, visit
from workflow_service.web import pages as shared

pages = flask.Blueprint("owner", __name__, url_prefix="/bundles")

EDITABLE = ("draft", "rejected")


@pages.get("")
@guard.needs(Permission.BUNDLE_READ)
def bundles() -> str:
    """Drafts and published versions."""
    return _desk()


def _desk(refused: Mapping[str, Any] | None = None) -> str:
    with visit.reading() as session:
        found = publish.listed(session, visit.actor())
        who = _who(session, found)
        force = {one.place: programs.in_force(session, one.place) for one in found if one.status == "published"}
        return flask.render_template(
            "bundles.html",
            found=found,
            who=who,
            force=force,
            editable=EDITABLE,
            overtaken={one.id for one in found if overtaken.newer(session, one)},
            standing=variants.overview(session),
            places=overview.place_names(session),
            refused=refused or {},
        )


def _who(session: Session, found: Sequence[reference.Bundle]) -> Mapping[str, str]:
    people = {name for one in found for name in (one.author, *one.editors, one.approved_by, one.published_by) if name}
    return roster.display_names(session, people | {told["by"] for one in found for told in one.decisions})


@pages.post("")
@guard.needs(Permission.BUNDLE_EDIT)
def new_draft() -> flask.typing.ResponseReturnValue:
    """Makes a draft from a published version, or from an uploaded archive; a variant without its names is asked for them."""
    try:
        with visit.writing() as session:
            bundle_id = _new_draft(session, flask.request.form).id
    except errors.Invalid as invalid:
        place = flask.request.form.get("variant_of")
        if not place:
            raise
        return _desk(problems.refused(invalid, "variant", place)), 422
    return shared.go("owner.show", "saved", bundle_id=bundle_id)


def _new_draft(session: Session, form: Mapping[str, str]) -> reference.Bundle:
    sent, note = flask.request.files.get("file"), form.get("note", "").strip()[:400]
    actor, now = visit.actor(), visit.now()
    if sent is not None and sent.filename:
        place = form.get("place") or actor.place
        return publish.upload(
            session, actor, now, publish.Origin(place, read.read_zip(sent.stream.read()).files, note=note)
        )
    if form.get("variant_of"):
        return publish.new_variant(session, actor, now, _named(form))
    if form.get("base"):
        return publish.new_draft(session, actor, now, form["base"], note)
    raise errors.Invalid([errors.FieldError("file", "required", "请选择要上传的文件")])


def _named(form: Mapping[str, str]) -> variant_file.Variant:
    """A new variant without operations, as the form of the page names it."""
    given = {key: form.get(key, "").strip()[:80] for key in ("variant_of", "title", "title_en")}
    missing = [errors.FieldError(key, "required", "请填写") for key in ("title", "title_en") if not given[key]]
    if missing:
        raise errors.Invalid(missing)
    return variant_file.Variant("V1", given["variant_of"], given["title"], given["title_en"], variants.CITY)


def may_change(session: Session, bundle: reference.Bundle, name: str) -> bool:
    """Whether a file can be edited: in a draft, and in a variant's only its operations."""
    if bundle.status not in EDITABLE:
        return False
    return name == variant_file.NAME or variant_file.NAME not in publish.files_of(session, bundle)


KINDS = ("variant", "diagram", "table", "form", "letter", "roles", "articles", "scenario")


@pages.get("/<int:bundle_id>")
@guard.needs(Permission.BUNDLE_READ)
def show(bundle_id: int) -> str:
    """A version or draft: its files, its findings, and what can be done with it."""
    return _page(bundle_id)


def _page(bundle_id: int, refused: Mapping[str, Any] | None = None) -> str:
    with visit.reading() as session:
        bundle = publish.by_id(session, bundle_id)
        files = publish.files_of(session, bundle)
        found = [problems.finding(one) for one in publish.findings(session, bundle)]
        meanwhile = overtaken.meanwhile(session, bundle)
        groups = {kind: [name for name in files if names.kind(name) == kind] for kind in KINDS}
        return flask.render_template(
            "bundle.html",
            bundle=bundle,
            groups=groups,
            variant=variants.variant_of(files),
            kinds=kind_names(),
            titles={name: title_of(name, content) for name, content in files.items()},
            findings=found,
            faults={one["file"] for one in found if one["severity"] == "error"},
            changes=_changes(session, bundle, files),
            is_valid=not any(one["severity"] == "error" for one in found),
            editable=bundle.status in EDITABLE,
            mine=bundle.author == visit.actor().name,
            edited=visit.actor().name in bundle.editors,
            who=_who(session, [bundle, *([meanwhile.version] if meanwhile else [])]),
            places=overview.place_names(session),
            meanwhile=meanwhile,
            bases=[one for one in publish.listed(session, visit.actor()) if one.id != bundle.id],
            stories=scenarios.played(session, bundle),
            refused=refused or {},
        )


def _changes(session: Session, bundle: reference.Bundle, files: Mapping[str, bytes]) -> Mapping[str, int]:
    """How much differs in which file from the version that this one was made from."""
    if not bundle.base:
        return {}
    before = publish.files_of(session, publish.by_hash(session, bundle.base))
    return Counter(one.file for one in diff.diff(read.Bundle.of(before), read.Bundle.of(files)).changes)


_DRAWN = re.compile(rb'<(?:\w+:)?process\s[^>]*\bname="([^"]{1,80})"')
_DRAWN_EN = re.compile(rb'\bname="name_en"\s+value="([^"]{1,80})"')  # the process's own stands first
_TABLE = re.compile(rb'<(?:\w+:)?definitions\s[^>]*\bname="([^"]{1,80})"')
_TABLE_EN = re.compile(rb'<(?:\w+:)?definitions\s[^>]*\blabel="([^"]{1,80})"')


def title_of(name: str, content: bytes) -> str:
    """What a file is called in the reader's language: a form's title, a letter's, process's or table's name; else nothing."""
    if names.kind(name) == "diagram":
        return i18n.either({"title": _matched(_DRAWN, content), "title_en": _matched(_DRAWN_EN, content)}, "title")
    if names.kind(name) == "table":
        return i18n.either({"title": _matched(_TABLE, content), "title_en": _matched(_TABLE_EN, content)}, "title")
    try:
        told = orjson.loads(content)
    except orjson.JSONDecodeError:
        return ""
    return i18n.either(told, "name" if names.kind(name) == "letter" else "title") if isinstance(told, dict) else ""


def lanes(files: Mapping[str, bytes]) -> dict[str, str]:
    """Lane → what English readers call it, as ``i18n.lanes``; nothing while the roles' file of a draft says it wrongly."""
    try:
        told = orjson.loads(files.get("roles.json", b"{}"))
        return i18n.lanes(told["lanes"], told["roles"])
    except (orjson.JSONDecodeError, LookupError, TypeError, AttributeError):
        return {}


def _matched(pattern: re.Pattern[bytes], content: bytes) -> str:
    found = pattern.search(content)
    return html.unescape(found[1].decode("utf-8", "replace")) if found else ""


def kind_names() -> Mapping[str, str]:
    """What the kinds of files are called."""
    return {
        "variant": _("县区变体"),
        "diagram": _("流程图"),
        "table": _("决策表"),
        "form": _("表单"),
        "letter": _("文书模板"),
        "roles": _("泳道与角色"),
        "articles": _("条款"),
        "scenario": _("情景"),
    }


@pages.post("/<int:bundle_id>/<action>")
@guard.needs(Permission.BUNDLE_EDIT, Permission.BUNDLE_APPROVE)
def act(bundle_id: int, action: str) -> flask.typing.ResponseReturnValue:
    """Hands in, approves, rejects or publishes; a rejection without a reason comes back as it was typed."""
    try:
        with visit.writing() as session:
            done = _act(session, publish.by_id(session, bundle_id), action)
    except errors.Invalid as invalid:
        if action != "rejection":
            raise
        return _page(bundle_id, problems.refused(invalid, action)), 422
    return shared.go("owner.show", done, bundle_id=bundle_id)


def _act(session: Session, bundle: reference.Bundle, action: str) -> str:
    """Does what a button of the page says, and gives the word that confirms it; each verb asks who may."""
    form = flask.request.form
    publish.require_seen(bundle, form.get("seen", bundle.hash))
    if action == "submission":
        publish.submit(session, visit.actor(), visit.now(), bundle.id)
        return "handed_in"
    if action in ("approval", "rejection"):
        note = form.get("note", "").strip()[:4000]
        api_bundles.decide(session, bundle.hash, approved=action == "approval", note=note)
        return "approved" if action == "approval" else "rejected"
    if action == "recall":
        publish.recall(session, visit.actor(), visit.now(), bundle.id)
        return "recalled"
    if action == "publication":
        publish.publish(session, visit.actor(), visit.now(), bundle.hash)
        return "published"
    raise errors.NotFound("没有这项操作")


@pages.post("/<int:bundle_id>/newest")
@guard.needs(Permission.BUNDLE_EDIT)
def take_in(bundle_id: int) -> flask.typing.ResponseReturnValue:
    """Takes the version in force into a draft that was begun before it."""
    chosen = {name.removeprefix("file-"): text for name, text in flask.request.form.items()}
    with visit.writing() as session:
        publish.take_in(session, visit.actor(), visit.now(), bundle_id, chosen)
    return shared.go("owner.show", "taken_in", bundle_id=bundle_id)


@pages.post("/<int:bundle_id>/discard")
@guard.needs(Permission.BUNDLE_EDIT)
def discard(bundle_id: int) -> flask.typing.ResponseReturnValue:
    """Takes a draft away."""
    with visit.writing() as session:
        publish.discard(session, visit.actor(), bundle_id)
    return shared.go("owner.bundles", "discarded")


@pages.get("/<int:bundle_id>/archive.zip")
@guard.needs(Permission.BUNDLE_READ)
def archive(bundle_id: int) -> flask.Response:
    """A version or draft as a zip."""
    with visit.reading() as session:
        files = publish.files_of(session, publish.by_id(session, bundle_id))
    return headers.download(read.to_zip(read.Bundle.of(files)), f"bundle-{bundle_id}.zip", "application/zip")


@pages.post("/<int:bundle_id>/files")
@guard.needs(Permission.BUNDLE_EDIT)
def upload(bundle_id: int) -> flask.typing.ResponseReturnValue:
    """Puts uploaded files into a draft, each under its name; none of them when one cannot be read at all."""
    sent = [one for one in flask.request.files.getlist("file") if one.filename]
    if not sent:
        raise errors.Invalid([errors.FieldError("file", "required", "请选择要上传的文件")])
    with visit.writing() as session:
        draft = publish.by_id(session, bundle_id)
        before = publish.files_of(session, draft)
        given: dict[str, bytes] = {}
        for one in sent:
            given |= read.placed(one.filename or "", one.stream.read(), before)
        faults = check.unreadable(given)
        if faults:
            raise errors.BadBundle(faults)
        for name, content in given.items():
            if before.get(name) != content:
                publish.change(session, visit.actor(), visit.now(), bundle_id, publish.Change(name, content))
    return shared.go("owner.show", "saved", bundle_id=bundle_id)


@pages.post("/<int:bundle_id>/removed")
@guard.needs(Permission.BUNDLE_EDIT)
def remove(bundle_id: int) -> flask.typing.ResponseReturnValue:
    """Takes a file out of a draft."""
    change = publish.Change(flask.request.form.get("name", ""), None)
    with visit.writing() as session:
        publish.change(session, visit.actor(), visit.now(), bundle_id, change)
    return shared.go("owner.show", "deleted", bundle_id=bundle_id)


def as_bundle(session: Session, bundle: reference.Bundle) -> read.Bundle:
    """A stored bundle as the checker and the comparison take it."""
    return read.Bundle.of(publish.files_of(session, bundle))
