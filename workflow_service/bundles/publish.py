"""A bundle's way from draft to publication: edited, submitted, approved by another person, published as a version."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from workflow_service import errors
from workflow_service.bundles import check, names, overtaken, read, staffing, stored, telling, variant_file, variants
from workflow_service.identity import permissions
from workflow_service.identity.actors import Actor
from workflow_service.storage import reference

Origin = stored.Origin
by_hash = stored.by_hash
files_of = stored.files_of


def listed(session: Session, actor: Actor) -> Sequence[reference.Bundle]:
    """All bundles and drafts: the city's, newest first, then each county's."""
    permissions.require(actor, permissions.Permission.BUNDLE_READ)
    place = reference.Bundle.place
    return session.scalars(select(reference.Bundle).order_by(place != "city", place, reference.Bundle.id.desc())).all()


def by_id(session: Session, bundle_id: int) -> reference.Bundle:
    """The bundle or draft of an id; raises NotFound."""
    found = session.get(reference.Bundle, bundle_id)
    if found is None:
        raise errors.NotFound("没有这个流程包")
    return found


def file_of(session: Session, actor: Actor, bundle: reference.Bundle, name: str) -> bytes:
    """One file of a bundle; raises NotFound."""
    permissions.require(actor, permissions.Permission.BUNDLE_READ)
    row = session.get(reference.BundleFile, (bundle.id, name))
    if row is None:
        raise errors.NotFound("流程包中没有文件“{name}”", name=name)
    return row.content


def new_draft(session: Session, actor: Actor, now: datetime, base: str, note: str = "") -> reference.Bundle:
    """A draft with the files of an existing bundle; of the city's it stands on the version in force, whichever gave the files."""
    permissions.require(actor, permissions.Permission.BUNDLE_EDIT)
    source = by_hash(session, base)
    return stored.add(
        session, actor.name, now, _on_city(session, Origin(source.place, files_of(session, source), base, note))
    )


def _on_city(session: Session, origin: Origin) -> Origin:
    current = variants.in_force(session, origin.place) if origin.place == variants.CITY else None
    return origin if current is None else replace(origin, base=current.hash)


def upload(session: Session, actor: Actor, now: datetime, origin: Origin) -> reference.Bundle:
    """A draft with the files of an uploaded bundle; raises BadBundle for files that cannot be read at all."""
    permissions.require(actor, permissions.Permission.BUNDLE_EDIT)
    return stored.add(session, actor.name, now, _on_city(session, origin))


@dataclass(frozen=True)
class Change:
    """A file of a draft with its new content (None deletes it).

    Args:
        expected: the file's digest when it was opened, or the draft's hash then; empty when any state will do.
    """

    name: str
    content: bytes | None
    expected: str = ""


def change(session: Session, actor: Actor, now: datetime, bundle_id: int, wanted: Change) -> reference.Bundle:
    """Writes one file of a draft, faults or not: work in progress is never lost.

    Raises:
        Conflict: it is no draft any more, or somebody changed the file since it was opened.
    """
    draft = _draft(session, actor, bundle_id)
    if is_overtaken(session, draft, wanted):
        raise errors.Conflict("此文件已在别处被修改，请重新打开后再保存，以免覆盖对方的改动")
    names.require_name(wanted.name)
    if variant_file.NAME in files_of(session, draft):
        variants.rewrite(session, draft, wanted.name, wanted.content)
    else:
        stored.put(session, draft, wanted.name, wanted.content)
    draft.hash = read.Bundle.of(files_of(session, draft)).hash
    _edited(draft, actor, now)
    return draft


def _edited(draft: reference.Bundle, actor: Actor, now: datetime) -> None:
    draft.changed_at = now
    if actor.name not in (draft.author, *draft.editors):
        draft.editors = [*draft.editors, actor.name]


def take_in(
    session: Session, actor: Actor, now: datetime, bundle_id: int, choices: Mapping[str, str]
) -> reference.Bundle:
    """Takes the version in force into a draft that was begun before it.

    Args:
        choices: for each file changed on both sides “mine” or “theirs”; raises Invalid where one is missing.
    """
    draft = _draft(session, actor, bundle_id)
    found = overtaken.meanwhile(session, draft)
    if found is None:
        raise errors.Conflict("此草稿已建立在现行版本上")
    open_choices = [one for one in found.both if choices.get(one) not in ("mine", "theirs")]
    if open_choices:
        raise errors.Invalid([errors.FieldError(one, "required", "请选定保留哪一份") for one in open_choices])
    overtaken.take_in(session, draft, found, {one for one in found.both if choices[one] == "theirs"})
    _edited(draft, actor, now)
    return draft


def is_overtaken(session: Session, draft: reference.Bundle, wanted: Change) -> bool:
    """Whether somebody changed this file of a draft since it was opened; what they did to other files does no harm."""
    row = session.get(reference.BundleFile, (draft.id, wanted.name), populate_existing=True)
    return wanted.expected not in ("", draft.hash, read.digest(row.content) if row else "")


def _draft(session: Session, actor: Actor, bundle_id: int) -> reference.Bundle:
    permissions.require(actor, permissions.Permission.BUNDLE_EDIT)
    draft = stored.locked(session, bundle_id)
    if draft is None:
        raise errors.NotFound("没有这个草稿")
    if draft.status not in ("draft", "rejected"):
        raise errors.Conflict("此版本已提交审批或已发布，不能再修改；请另建草稿")
    return draft


def discard(session: Session, actor: Actor, bundle_id: int) -> None:
    """Takes one's own draft away; what was ever handed in stays, with what was said of it."""
    draft = _draft(session, actor, bundle_id)
    if draft.author != actor.name:
        raise errors.NotAllowed("只有编制人可以删除草稿")
    if draft.decisions:
        raise errors.Conflict("提交过审批的草稿连同审批记录一并保留，不能删除")
    stored.remove(session, draft)


def recall(session: Session, actor: Actor, now: datetime, bundle_id: int) -> reference.Bundle:
    """Takes one's own submitted bundle back before it is published: it is a draft again, an approval is void."""
    permissions.require(actor, permissions.Permission.BUNDLE_EDIT)
    bundle = stored.locked(session, bundle_id)
    if bundle is None or bundle.status not in ("submitted", "approved"):
        raise errors.Conflict("此流程包不在待审批或待发布状态")
    if bundle.author != actor.name:
        raise errors.NotAllowed("只有编制人可以撤回提交")
    bundle.status, bundle.submitted_at, bundle.changed_at = "draft", None, now
    bundle.approved_by, bundle.approved_at = None, None
    _record(bundle, actor, now, "recalled")
    return bundle


def _record(bundle: reference.Bundle, actor: Actor, now: datetime, what: str, note: str = "") -> None:
    told = {"what": what, "by": actor.name, "at": now.isoformat(), "hash": bundle.hash, "note": note}
    bundle.decisions = [*bundle.decisions, told]


def findings(session: Session, bundle: reference.Bundle) -> Sequence[errors.Finding]:
    """Everything that is wrong with a bundle, each with its place and remedy; what it means for variants included."""
    content = read.Bundle.of(files_of(session, bundle))
    own = check.check(content)
    standing = [*overtaken.faults(session, bundle), *staffing.faults(session, bundle.place, content)]
    is_sound = not any(one.severity == "error" for one in own)
    if is_sound or bundle.place != variants.CITY:  # no variant can be made of the city's files while they are wrong
        standing += variants.faults(session, bundle, content)
    return check.ordered([*own, *standing])


def submit(session: Session, actor: Actor, now: datetime, bundle_id: int) -> reference.Bundle:
    """Hands a draft in for approval; raises BadBundle while it has errors."""
    draft = _draft(session, actor, bundle_id)
    faults = [one for one in findings(session, draft) if one.severity == "error"]
    if faults:
        raise errors.BadBundle(faults)
    draft.status, draft.submitted_at, draft.decision_note = "submitted", now, None
    _record(draft, actor, now, "submitted")
    telling.of_submission(session, actor, now, draft)
    return draft


def submit_content(session: Session, actor: Actor, now: datetime, bundle_hash: str) -> reference.Bundle:
    """Hands exactly this content in."""
    return submit(session, actor, now, _locked(session, bundle_hash, "draft").id)


def approve(session: Session, actor: Actor, now: datetime, bundle_hash: str, note: str = "") -> reference.Bundle:
    """Approves exactly this content; nobody who wrote any of it may, whatever other roles they have."""
    bundle = _submitted(session, actor, bundle_hash)
    if read.Bundle.of(files_of(session, bundle)).hash != bundle.hash:
        raise errors.Conflict("流程包内容与提交审批时不一致，不能批准")
    _require_current(session, bundle)
    bundle.status, bundle.approved_by, bundle.approved_at, bundle.decision_note = "approved", actor.name, now, note
    _record(bundle, actor, now, "approved", note)
    telling.of_approval(session, actor, now, bundle)
    return bundle


def reject(session: Session, actor: Actor, now: datetime, bundle_hash: str, note: str) -> reference.Bundle:
    """Gives a submitted bundle back to its author with the reason."""
    if not note.strip():
        raise errors.Invalid([errors.FieldError("note", "required", "请填写退回理由")])
    bundle = _submitted(session, actor, bundle_hash)
    bundle.status, bundle.decision_note, bundle.changed_at = "rejected", note, now
    _record(bundle, actor, now, "rejected", note)
    telling.of_rejection(session, actor, now, bundle, note)
    return bundle


def _submitted(session: Session, actor: Actor, bundle_hash: str) -> reference.Bundle:
    permissions.require(actor, permissions.Permission.BUNDLE_APPROVE)
    bundle = _locked(session, bundle_hash, "submitted")
    if bundle.status != "submitted":
        raise errors.Conflict("此流程包不在待审批状态")
    if bundle.author == actor.name:
        raise errors.NotAllowed("不能审批自己编制的流程包，须由另一名流程管理员审批")
    if actor.name in bundle.editors:
        raise errors.NotAllowed("您修改过此流程包，不能审批，须由另一名流程管理员审批")
    return bundle


def _locked(session: Session, bundle_hash: str, status: str) -> reference.Bundle:
    """The bundle of a hash, held so that nobody changes it meanwhile; raises Conflict when somebody just did."""
    bundle = stored.locked(session, by_hash(session, bundle_hash, status).id)
    if bundle is None:
        raise errors.NotFound("没有这个流程包")
    require_seen(bundle, bundle_hash)
    return bundle


def require_seen(bundle: reference.Bundle, bundle_hash: str) -> None:
    """Raises Conflict when a bundle is no longer what somebody saw of it: nobody decides on what they have not seen."""
    if bundle.hash != bundle_hash:
        raise errors.Conflict("流程包刚被修改，请重新打开后再操作")


def publish(session: Session, actor: Actor, now: datetime, bundle_hash: str) -> reference.Bundle:
    """Puts an approved bundle in force for new cases, variants built on it included; running cases stay on theirs."""
    permissions.require(actor, permissions.Permission.BUNDLE_EDIT)
    stored.one_at_a_time(session)
    bundle = _locked(session, bundle_hash, "approved")
    if bundle.status != "approved":
        raise errors.Conflict("流程包须先由另一人批准才能发布")
    if read.Bundle.of(files_of(session, bundle)).hash != bundle.hash:
        raise errors.Conflict("流程包内容与批准时不一致，不能发布")
    _require_current(session, bundle)
    stored.put_in_force(session, bundle, now, actor.name)
    _record(bundle, actor, now, "published")
    variants.rebase(session, now, bundle, actor.name)
    return bundle


def _require_current(session: Session, bundle: reference.Bundle) -> None:
    """Refuses what was handed in before another version was published: a draft of the city, or a variant of it."""
    current = overtaken.newer(session, bundle)
    if current is not None:
        raise errors.Conflict(
            "提交审批之后已发布第{n}版，照此发布会撤销其中的改动；请编制人撤回，并入第{n}版后再提交审批",
            n=current.version,
        )
    variants.require_current(session, bundle)


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
    bundle = stored.add(session, system.name, now, origin)
    bundle.approved_by, bundle.approved_at = "shipped", now
    stored.put_in_force(session, bundle, now, "system")
    return bundle


def new_variant(session: Session, actor: Actor, now: datetime, named: variant_file.Variant) -> reference.Bundle:
    """A draft of a place's variant, with the operations it is given, on its parent's version in force."""
    permissions.require(actor, permissions.Permission.BUNDLE_EDIT)
    parent, derived = variants.on_city(session, named)
    return stored.add(session, actor.name, now, Origin(named.place, derived.bundle.files, parent.hash, named.id))


def first_variants(session: Session, now: datetime, shipped: Sequence[bytes]) -> None:
    """Publishes the variants shipped beside the city's first bundle; raises BadBundle for one that does not fit it."""
    for content in shipped:
        named = variant_file.require(content)
        parent, derived = variants.on_city(session, named)
        wrong = [*derived.conflicts, *variants.broken(derived)]
        if wrong:
            raise errors.BadBundle(wrong)
        first(session, now, Origin(named.place, derived.bundle.files, parent.hash, named.id))
