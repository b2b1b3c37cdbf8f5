"""Bundles as they lie in the database: found by hash, their files read and written, the next version of a place put in force."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import case, delete, func, select
from sqlalchemy.orm import Session

from workflow_service import errors
from workflow_service.bundles import read
from workflow_service.storage import reference


@dataclass(frozen=True)
class Origin:
    """What a draft is made from: the place it is for, its files, the hash it derives from, a note."""

    place: str
    files: Mapping[str, bytes]
    base: str | None = None
    note: str = ""


def by_hash(session: Session, bundle_hash: str, status: str = "published") -> reference.Bundle:
    """The bundle of a hash: of several with the same content the newest that has a status, else the newest; raises NotFound."""
    found = session.scalar(
        select(reference.Bundle)
        .where(reference.Bundle.hash == bundle_hash)
        .order_by(case((reference.Bundle.status == status, 0), else_=1), reference.Bundle.id.desc())
        .limit(1)
    )
    if found is None:
        raise errors.NotFound("没有哈希为“{hash}”的流程包", hash=bundle_hash)
    return found


def locked(session: Session, bundle_id: int) -> reference.Bundle | None:
    """The bundle of an id as whoever held it before left it, held until the end of the transaction; None when it is gone."""
    return session.get(reference.Bundle, bundle_id, with_for_update=True, populate_existing=True)


def one_at_a_time(session: Session) -> None:
    """Lets those who publish in one after the other: each gives out version numbers, the city's the counties' as well."""
    published = select(reference.Bundle.id).where(reference.Bundle.status == "published")
    session.execute(published.order_by(reference.Bundle.id).with_for_update()).all()


def files_of(session: Session, bundle: reference.Bundle) -> dict[str, bytes]:
    """The files of a bundle by name, as they lie there now."""
    rows = session.scalars(
        select(reference.BundleFile)
        .where(reference.BundleFile.bundle_id == bundle.id)
        .order_by(reference.BundleFile.name)
        .execution_options(populate_existing=True)
    )
    return {row.name: row.content for row in rows}


def add(session: Session, author: str, now: datetime, origin: Origin) -> reference.Bundle:
    """A draft with its files."""
    draft = reference.Bundle(
        hash=read.Bundle.of(origin.files).hash,
        place=origin.place,
        status="draft",
        base=origin.base,
        note=origin.note,
        author=author,
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


def put(session: Session, draft: reference.Bundle, name: str, content: bytes | None) -> None:
    """Writes one file of a draft; None deletes it."""
    session.execute(
        delete(reference.BundleFile).where(
            reference.BundleFile.bundle_id == draft.id, reference.BundleFile.name == name
        )
    )
    if content is not None:
        session.add(reference.BundleFile(bundle_id=draft.id, name=name, content=content))
    session.flush()


def remove(session: Session, draft: reference.Bundle) -> None:
    """Takes a draft away with its files."""
    session.execute(delete(reference.BundleFile).where(reference.BundleFile.bundle_id == draft.id))
    session.execute(delete(reference.PlayedScenario).where(reference.PlayedScenario.bundle_id == draft.id))
    session.delete(draft)
    session.flush()


def put_in_force(session: Session, bundle: reference.Bundle, now: datetime, by: str) -> None:
    """Gives a bundle the next version number of its place: from now on new cases run on it."""
    last = session.scalar(select(func.max(reference.Bundle.version)).where(reference.Bundle.place == bundle.place))
    bundle.version, bundle.status = (last or 0) + 1, "published"
    bundle.published_at, bundle.published_by = now, by
    session.flush()
