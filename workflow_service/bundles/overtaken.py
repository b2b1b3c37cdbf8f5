"""Drafts of the city that a newer version has overtaken: published as they stand they would undo it, so they take it in first."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from sqlalchemy.orm import Session

from workflow_service.bundles import read, stored, variants
from workflow_service.bundles.rules import Place, fault
from workflow_service.errors import Finding
from workflow_service.storage import reference

OPEN = ("draft", "rejected", "submitted", "approved")
Files = Mapping[str, bytes]


@dataclass(frozen=True)
class Meanwhile:
    """What happened since a draft was begun.

    Args:
        version: the version in force now. mine: files that only the draft changed. theirs: files that only versions
            published since did. both: files changed on both sides, and not alike.
        merged: the files of the draft with what the others changed; of both sides' files, the draft's.
    """

    version: reference.Bundle
    mine: list[str] = field(default_factory=list)
    theirs: list[str] = field(default_factory=list)
    both: list[str] = field(default_factory=list)
    merged: dict[str, bytes] = field(default_factory=dict)


def newer(session: Session, bundle: reference.Bundle) -> reference.Bundle | None:
    """The version in force, if it is another than the one that a draft of the city was begun from; else None."""
    if bundle.place != variants.CITY or bundle.status not in OPEN or bundle.base is None:
        return None
    current = variants.in_force(session, variants.CITY)
    return None if current is None or current.hash == bundle.base else current


def meanwhile(session: Session, bundle: reference.Bundle) -> Meanwhile | None:
    """What was published since a draft was begun, file by file beside its own changes; None when nothing was."""
    current = newer(session, bundle)
    if current is None:
        return None
    began, mine, theirs = (
        stored.files_of(session, one) for one in (stored.by_hash(session, str(bundle.base)), bundle, current)
    )
    found = Meanwhile(current)
    for name in sorted({*began, *mine, *theirs}):
        before, here, there = began.get(name), mine.get(name), theirs.get(name)
        kept = there if here == before else here
        if kept is not None:
            found.merged[name] = kept
        if here == there:
            continue
        (found.theirs if here == before else found.mine if there == before else found.both).append(name)
    return found


def take_in(session: Session, draft: reference.Bundle, found: Meanwhile, theirs: set[str]) -> None:
    """Lets a draft stand on the version in force: it keeps its own changes and gets the others'.

    Args:
        theirs: of the files changed on both sides, those to be had as they are in force.
    """
    in_force = stored.files_of(session, found.version)
    before = stored.files_of(session, draft)
    for name in {*before, *found.merged, *theirs}:
        content = in_force.get(name) if name in theirs else found.merged.get(name)
        if content != before.get(name):
            stored.put(session, draft, name, content)
    draft.base, draft.hash = found.version.hash, read.Bundle.of(stored.files_of(session, draft)).hash


def faults(session: Session, bundle: reference.Bundle) -> Iterator[Finding]:
    """That a draft was overtaken: an error, since its publication would undo unseen what others have published."""
    current = newer(session, bundle)
    if current is not None:
        message = (
            f"此草稿编制期间已发布第 {current.version} 版；照此发布，会撤销其中他人的改动",
            f"version {current.version} was published while this draft was written; published as it is, it would undo "
            "what others changed there",
        )
        fix = (
            f"在流程包页面上“并入第 {current.version} 版”，再提交审批",
            f"take version {current.version} in on the page of the bundle, then submit it",
        )
        yield fault("V08", Place(""), message, fix)
