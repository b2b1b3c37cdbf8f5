"""The county variants in force: what each builds on, what a new version of the city's model means for it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from workflow_service import errors
from workflow_service.bundles import check, overlay, read, stored, variant_file
from workflow_service.bundles.overlay import Derived
from workflow_service.bundles.rules import Place, fault
from workflow_service.bundles.variant_file import Variant
from workflow_service.errors import Finding
from workflow_service.storage import people, reference

CITY = "city"


def in_force(session: Session, place: str) -> reference.Bundle | None:
    """A place's own bundle in force; None when it runs on the city's."""
    return session.scalar(
        select(reference.Bundle)
        .where(reference.Bundle.place == place, reference.Bundle.status == "published")
        .order_by(reference.Bundle.version.desc())
        .limit(1)
    )


def _content(session: Session, bundle: reference.Bundle) -> read.Bundle:
    return read.Bundle.of(stored.files_of(session, bundle))


def on_city(session: Session, named: Variant) -> tuple[reference.Bundle, Derived]:
    """A variant carried out on the city's version in force, and that version; raises NotFound while there is none."""
    city = in_force(session, CITY)
    if city is None:
        raise errors.NotFound("尚未发布任何流程包，请先由流程管理员发布")
    return city, overlay.derive(_content(session, city), named)


def variant_of(files: Mapping[str, bytes]) -> Variant | None:
    """The variant that a bundle is; None for a bundle of its own or one whose variant file cannot be read."""
    return variant_file.read(files[variant_file.NAME])[0] if variant_file.NAME in files else None


def broken(derived: Derived) -> list[Finding]:
    """The errors of a variant's bundle as a whole: what the rules of the procedure say of the result."""
    return [one for one in check.check(derived.bundle) if one.severity == "error"]


def faults(session: Session, bundle: reference.Bundle, content: read.Bundle) -> list[Finding]:
    """What is wrong with a bundle as a variant, or what it would mean for the variants built on it."""
    if bundle.place == CITY:
        return [] if bundle.status == "published" else list(_outlook(session, content))
    named = variant_of(content.files)
    if variant_file.NAME not in content.files:
        return [_no_copy(bundle.place)]
    if named is None:
        return []
    return _against_parent(session, bundle, content, named)


def _no_copy(place: str) -> Finding:
    message = (
        f"“{place}”的流程包没有 {variant_file.NAME}：县区只在市级模型上提出操作",
        f"the bundle of “{place}” has no {variant_file.NAME}: a county states operations on the city's model",
    )
    fix = ("在“流程设计”中为该县区制定变体", "make a variant for the county on the page of processes")
    return fault("V05", Place(variant_file.NAME, "", 1), message, fix)


def _against_parent(session: Session, bundle: reference.Bundle, content: read.Bundle, named: Variant) -> list[Finding]:
    if named.place != bundle.place or named.parent != CITY:
        message = (
            f"变体写的是“{named.place}”、上级“{named.parent}”，流程包属于“{bundle.place}”、上级是“{CITY}”",
            f"the variant is for “{named.place}” on “{named.parent}”, the bundle belongs to “{bundle.place}” on “{CITY}”",
        )
        fix = ("改正 place 或 parent", "correct place or parent")
        return [fault("V05", Place(variant_file.NAME, "place", 1), message, fix)]
    current = in_force(session, CITY)
    if bundle.status != "published" and (current is None or current.hash != named.base):
        message = (
            "上级已有新的现行版本，变体仍建立在旧版本上",
            "the parent has a newer version in force; the variant still builds on an older one",
        )
        fix = (
            "打开 variant.json 保存一次，即在新版本上重新套用",
            "save variant.json once: it is carried out anew on the version in force",
        )
        return [fault("V06", Place(variant_file.NAME, "base", 1), message, fix)]
    derived = overlay.derive(_content(session, stored.by_hash(session, named.base)), named)
    return [*derived.conflicts, *overlay.differences(content, derived)]


def _outlook(session: Session, city: read.Bundle) -> Iterator[Finding]:
    """Which variants could not be carried out on a city's draft; a warning each, since no county stops the city."""
    for bundle, named in _standing(session):
        for one in overlay.derive(city, named).conflicts:
            message = (
                f"{named.title}（{bundle.place}）：{one.message}",
                f"{named.title_en} ({bundle.place}): {one.message_en}",
            )
            yield fault("V07", Place("", one.element, 0), message, (one.fix, one.fix_en), "warning")


def _standing(session: Session) -> Iterator[tuple[reference.Bundle, Variant]]:
    """The variants in force, by place."""
    places = session.scalars(
        select(reference.Bundle.place)
        .where(reference.Bundle.status == "published", reference.Bundle.place != CITY)
        .distinct()
    )
    for place in sorted(places):
        bundle = in_force(session, place)
        named = variant_of(stored.files_of(session, bundle)) if bundle else None
        if bundle and named:
            yield bundle, named


def fitting(session: Session, city: read.Bundle) -> list[bytes]:
    """The variant files in force that can be carried out on a bundle of the city's, by place."""
    return [
        variant_file.write(named) for _bundle, named in _standing(session) if not overlay.derive(city, named).conflicts
    ]


def rewrite(session: Session, draft: reference.Bundle, name: str, content: bytes | None) -> None:
    """Writes the variant file of a draft and derives its other files anew on the parent's version in force.

    Raises:
        Conflict: another file was to be changed, which only operations may.
    """
    if name != variant_file.NAME or content is None:
        raise errors.Conflict("县区变体的文件由操作得出，请修改 variant.json 中的操作")
    named, _ = variant_file.read(content)
    if named is None:
        stored.put(session, draft, name, content)
        return
    parent, derived = on_city(session, named)
    before = stored.files_of(session, draft)
    for one in {*before, *derived.bundle.files}:
        if before.get(one) != derived.bundle.files.get(one):
            stored.put(session, draft, one, derived.bundle.files.get(one))
    draft.base = parent.hash


def require_current(session: Session, bundle: reference.Bundle) -> None:
    """Refuses a variant that was approved on a version of its parent which is no longer in force."""
    content = _content(session, bundle)
    if any(one.severity == "error" for one in faults(session, bundle, content)):
        raise errors.Conflict("上级模型在批准之后已改版，请在新版本上重新套用后再提交审批")


def rebase(session: Session, now: datetime, parent: reference.Bundle, by: str) -> list[reference.Bundle]:
    """Carries every variant out anew on a parent's new version; gives the drafts of those that no longer fit.

    What fits without conflict is in force at once: its operations were approved, and so was the parent. What does not
    stays on the version it had, and a draft holds all its operations with the conflicts to be solved.
    """
    if parent.place != CITY:
        return []
    content, unsolved = _content(session, parent), []
    for bundle, named in list(_standing(session)):
        derived = overlay.derive(content, named)
        conflicts = [*derived.conflicts, *broken(derived)]
        made = stored.add(session, by, now, stored.Origin(bundle.place, derived.bundle.files, parent.hash))
        if conflicts:
            made.note = f"市级第 {parent.version} 版：{len(conflicts)} 处冲突待处理"
            unsolved.append(made)
        else:
            made.note = f"随市级第 {parent.version} 版重新套用"
            made.approved_by, made.approved_at = parent.approved_by, parent.approved_at
            stored.put_in_force(session, made, now, by)
    return unsolved


@dataclass(frozen=True)
class Standing:
    """How things are in a place.

    Args:
        place, name: the place. own: its bundle in force; None when it runs on the city's.
        variant: what its bundle says it is. parent: the version it builds on.
        is_current: whether that version is the one in force. conflicts: what stands in the way if it is not.
    """

    place: str
    name: str
    own: reference.Bundle | None
    variant: Variant | None
    parent: reference.Bundle | None
    is_current: bool
    conflicts: Sequence[Finding] = ()


def overview(session: Session) -> list[Standing]:
    """Every place but the city, with the version in force there and its drift from the city's model."""
    rows = session.execute(select(people.Unit.place, people.Unit.place_name).distinct())
    named = {row.place: row.place_name for row in rows}
    own = {bundle.place: (bundle, variant) for bundle, variant in _standing(session)}
    city = in_force(session, CITY)
    return [
        _standing_of(session, place, named.get(place, place), own.get(place), city)
        for place in sorted({*named, *own} - {CITY})
    ]


def _standing_of(
    session: Session,
    place: str,
    name: str,
    own: tuple[reference.Bundle, Variant] | None,
    city: reference.Bundle | None,
) -> Standing:
    if own is None or city is None:
        return Standing(place, name, None, None, city, is_current=True)
    bundle, variant = own
    is_current = variant.base == city.hash
    conflicts: Sequence[Finding] = ()
    if not is_current:
        derived = overlay.derive(_content(session, city), variant)
        conflicts = [*derived.conflicts, *broken(derived)]
    return Standing(place, name, bundle, variant, stored.by_hash(session, variant.base), is_current, conflicts)
