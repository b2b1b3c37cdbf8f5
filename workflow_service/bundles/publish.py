"""A bundle's way from draft to publication: edited, submitted, approved by another person, published as a version."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from workflow_service import errors
from workflow_service.bundles import check, read
from workflow_service.identity import permissions
from workflow_service.identity.actors import Actor
from workflow_service.storage import reference


def listed(session: Session, actor: Actor) -> Sequence[reference.Bundle]:
    """All bundles and drafts, newest first."""
    permissions.require(actor, permissions.Permission.BUNDLE_READ)
    return session.scalars(select(reference.Bundle).order_by(reference.Bundle.id.desc())).all()


def by_hash(session: Session, bundle_hash: str) -> reference.Bundle:
    """The newest bundle of a hash; raises NotFound."""
    found = session.scalar(
        select(reference.Bundle)
        .where(reference.Bundle.hash == bundle_hash)
        .order_by(reference.Bundle.id.desc())
        .limit(1)
    )
    if found is None:
        raise errors.NotFound("没有哈希为“{hash}”的流程包", hash=bundle_hash)
    return found


def by_id(session: Session, bundle_id: int) -> reference.Bundle:
    """The bundle or draft of an id; raises NotFound."""
    found = session.get(reference.Bundle, bundle_id)
    if found is None:
        raise errors.NotFound("没有这个流程包")
    return found


def files_of(session: Session, bundle: reference.Bundle) -> dict[str, bytes]:
    """The files of a bundle by name."""
    rows = session.scalars(
        select(reference.BundleFile)
        .where(reference.BundleFile.bundle_id == bundle.id)
        .order_by(reference.BundleFile.name)
    )
    return {row.name: row.content for row in rows}


def file_of(session: Session, actor: Actor, bundle: reference.Bundle, name: str) -> bytes:
    """One file of a bundle; raises NotFound."""
    permissions.require(actor, permissions.Permission.BUNDLE_READ)
    row = session.get(reference.BundleFile, (bundle.id, name))
    if row is None:
        raise errors.NotFound("流程包中没有文件“{name}”", name=name)
    return row.content


def new_draft(session: Session, actor: Actor, now: datetime, base: str, note: str = "") -> reference.Bundle:
    """A draft with the files of an existing bundle."""
    permissions.require(actor, permissions.Permission.BUNDLE_EDIT)
    source = by_hash(session, base)
    return _add(session, actor, now, Origin(source.place, files_of(session, source), base, note))


@dataclass(frozen=True)
class Origin:
    """What a draft is made from: the place it is for, its files, the hash it derives from, a note."""

    place: str
    files: Mapping[str, bytes]
    base: str | None = None
    note: str = ""


def upload(session: Session, actor: Actor, now: datetime, origin: Origin) -> reference.Bundle:
    """A draft with the files of an uploaded bundle; raises BadBundle for files that cannot be read at all."""
    permissions.require(actor, permissions.Permission.BUNDLE_EDIT)
    return _add(session, actor, now, origin)


def _add(session: Session, actor: Actor, now: datetime, origin: Origin) -> reference.Bundle:
    draft = reference.Bundle(
        hash=read.Bundle.of(origin.files).hash,
        place=origin.place,
        status="draft",
        base=origin.base,
        note=origin.note,
        author=actor.name,
        created_at=now,
        changed_at=now,
    )
    session.add(draft)
    session.flush()
    session.add_all(
        reference.BundleFile(bundle_id=draft.id, name=name, content=content) for name, content in origin.files.items()
    )
    session.flush()
    return draft


@dataclass(frozen=True)
class Change:
    """A file of a draft with its new content (None deletes it); ``expected`` is the draft's hash when it was opened."""

    name: str
    content: bytes | None
    expected: str = ""


def change(session: Session, actor: Actor, now: datetime, bundle_id: int, wanted: Change) -> reference.Bundle:
    """Writes one file of one's own draft, faults or not: work in progress is never lost.

    Raises:
        Conflict: it is no draft any more, or somebody changed it since it was opened.
    """
    draft = _draft(session, actor, bundle_id)
    if wanted.expected and wanted.expected != draft.hash:
        raise errors.Conflict("草稿已在别处被修改，请重新打开后再保存，以免覆盖对方的改动")
    read.require_name(wanted.name)
    session.execute(
        delete(reference.BundleFile).where(
            reference.BundleFile.bundle_id == draft.id, reference.BundleFile.name == wanted.name
        )
    )
    if wanted.content is not None:
        session.add(reference.BundleFile(bundle_id=draft.id, name=wanted.name, content=wanted.content))
    session.flush()
    draft.hash, draft.changed_at = read.Bundle.of(files_of(session, draft)).hash, now
    return draft


def _draft(session: Session, actor: Actor, bundle_id: int) -> reference.Bundle:
    permissions.require(actor, permissions.Permission.BUNDLE_EDIT)
    draft = session.get(reference.Bundle, bundle_id, with_for_update=True)
    if draft is None:
        raise errors.NotFound("没有这个草稿")
    if draft.status not in ("draft", "rejected"):
        raise errors.Conflict("此版本已提交审批或已发布，不能再修改；请另建草稿")
    return draft


def findings(session: Session, bundle: reference.Bundle) -> Sequence[errors.Finding]:
    """Everything that is wrong with a bundle, each with its place and remedy."""
    return check.check(read.Bundle.of(files_of(session, bundle)))


def submit(session: Session, actor: Actor, now: datetime, bundle_id: int) -> reference.Bundle:
    """Hands a draft in for approval; raises BadBundle while it has errors."""
    draft = _draft(session, actor, bundle_id)
    faults = [one for one in findings(session, draft) if one.severity == "error"]
    if faults:
        raise errors.BadBundle(faults)
    draft.status, draft.submitted_at, draft.decision_note = "submitted", now, None
    return draft


def approve(session: Session, actor: Actor, now: datetime, bundle_hash: str, note: str = "") -> reference.Bundle:
    """Approves exactly this content; the author never may, whatever other roles the author has."""
    bundle = _submitted(session, actor, bundle_hash)
    if read.Bundle.of(files_of(session, bundle)).hash != bundle.hash:
        raise errors.Conflict("流程包内容与提交审批时不一致，不能批准")
    bundle.status, bundle.approved_by, bundle.approved_at, bundle.decision_note = "approved", actor.name, now, note
    return bundle


def reject(session: Session, actor: Actor, now: datetime, bundle_hash: str, note: str) -> reference.Bundle:
    """Gives a submitted bundle back to its author with the reason."""
    if not note.strip():
        raise errors.Invalid([errors.FieldError("note", "required", "请填写退回理由")])
    bundle = _submitted(session, actor, bundle_hash)
    bundle.status, bundle.decision_note, bundle.changed_at = "rejected", note, now
    return bundle


def _submitted(session: Session, actor: Actor, bundle_hash: str) -> reference.Bundle:
    permissions.require(actor, permissions.Permission.BUNDLE_APPROVE)
    bundle = by_hash(session, bundle_hash)
    if bundle.status != "submitted":
        raise errors.Conflict("此流程包不在待审批状态")
    if bundle.author == actor.name:
        raise errors.NotAllowed("不能审批自己编制的流程包，须由另一名流程管理员审批")
    return bundle


def publish(session: Session, actor: Actor, now: datetime, bundle_hash: str) -> reference.Bundle:
    """Puts an approved bundle in force for new cases; running cases stay on theirs."""
    permissions.require(actor, permissions.Permission.BUNDLE_EDIT)
    bundle = by_hash(session, bundle_hash)
    if bundle.status != "approved":
        raise errors.Conflict("流程包须先由另一人批准才能发布")
    if read.Bundle.of(files_of(session, bundle)).hash != bundle.hash:
        raise errors.Conflict("流程包内容与批准时不一致，不能发布")
    last = session.scalar(select(func.max(reference.Bundle.version)).where(reference.Bundle.place == bundle.place))
    bundle.version, bundle.status = (last or 0) + 1, "published"
    bundle.published_at, bundle.published_by = now, actor.name
    return bundle


def first(session: Session, now: datetime, origin: Origin) -> reference.Bundle | None:
    """Publishes the shipped bundle when there is none yet for its place; raises BadBundle if it has errors."""
    known = select(reference.Bundle.id).where(
        reference.Bundle.place == origin.place, reference.Bundle.status == "published"
    )
    if session.scalar(known.limit(1)) is not None:
        return None
    faults = [one for one in check.check(read.Bundle.of(origin.files)) if one.severity == "error"]
    if faults:
        raise errors.BadBundle(faults)
    system = Actor(0, "system", "系统", frozenset({"process_owner"}), "", origin.place)
    bundle = _add(session, system, now, origin)
    bundle.version, bundle.status, bundle.approved_by = 1, "published", "shipped"
    bundle.approved_at = bundle.published_at = now
    bundle.published_by = "system"
    return bundle
