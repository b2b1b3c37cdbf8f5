"""The API of the record: journal, states, verification."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from workflow_service.audit import replay, verdicts
from workflow_service.cases import queries
from workflow_service.identity import permissions
from workflow_service.identity.permissions import Permission
from workflow_service.storage import tables
from workflow_service.web import api, i18n, problems, schemas, shapes, visit
from workflow_service.web.api import Op, Query
from workflow_service.web.guard import Entry

READERS = Entry(needs=frozenset({Permission.JOURNAL_READ}))
LONGEST = 2000
"""A longer journal is given without what each entry changed: that takes executing all of it again."""


@api.offer(
    Op(
        "GET", "/cases/<number>/journal", "audit", "日志", gives=schemas.page(schemas.ref("Entry")),
        query=(
            Query("after", "从哪一条之后", {"type": "integer", "minimum": 0, "default": 0}),
            Query("size", "每页条数，至多 200", {"type": "integer", "minimum": 1, "maximum": 200, "default": 100}),
        ),
    )
)  # fmt: skip
def get_journal(number: str) -> dict[str, Any]:
    """The entries of a case in order: who did what when, what it changed, and the hash of each."""
    after, size = visit.whole_of("after", 0, 0, 10**9), visit.whole_of("size", 100, 1, 200)
    with visit.reading() as session:
        found = queries.journal(session, visit.actor(), visit.now(), number, after, size)
        changed = changes(session, queries.found(session, number)) if found.total <= LONGEST else {}
        items = [shapes.entry(one, changed.get(one.entry.seq, ())) for one in found.items]
    return {"items": items, "total": found.total, "next": found.next}


def changes(session: Session, case: tables.Case) -> Mapping[int, Sequence[Mapping[str, Any]]]:
    """What each entry of a case changed in its data; nothing for those who may not read the whole journal."""
    if not permissions.allows(permissions.within(visit.actor(), case.shared), Permission.JOURNAL_READ):
        return {}
    return {one["entry"]: one["diff"] for one in replay.steps(session, case)}


@api.offer(
    Op(
        "GET", "/cases/<number>/state", "audit", "某一条日志之后的状态", gives=schemas.DATA, entry=READERS,
        query=(Query("entry", "日志序号", {"type": "integer", "minimum": 1}),),
    )
)  # fmt: skip
def get_state(number: str) -> dict[str, Any]:
    """Tokens, open tasks and data as they were after an entry; by default after the last."""
    with visit.reading() as session:
        case = queries.record(session, visit.actor(), visit.now(), number, "state")
        entry = visit.whole_of("entry", case.head_seq, 1, 10**9)
        found = replay.state_at(session, case, entry)
    return {**found, "at": i18n.stamp(datetime.fromisoformat(found["at"]))}


@api.offer(Op("GET", "/cases/<number>/verification", "audit", "核验", gives=schemas.DATA, entry=READERS))
def verify_case(number: str) -> dict[str, Any]:
    """Whether the hash chain holds, whether executing the record again gives the same states, and the stored one; and the
    rules of the regulation: kept, broken or still open."""
    with visit.reading() as session:
        case = queries.record(session, visit.actor(), visit.now(), number, "verification")
        found = replay.verify(session, case)
        judged = replay.judged(session, visit.now(), found)
        head = {"entry": case.head_seq, "hash": case.head_hash}
    return {**verification(number, found, judged), "head": head}


def verification(number: str, found: replay.Verification, judged: Sequence[verdicts.Verdict]) -> dict[str, Any]:
    """A verification as JSON, each part with the entries that prove it."""
    broken = found.chain
    return {
        "case": number,
        "holds": found.holds,
        "entries": found.entries,
        "chain": {
            "holds": broken is None,
            "entry": None if broken is None else broken.seq,
            "reason": "" if broken is None else problems.filled(broken.reason, {}),
        },
        "execution": {
            "holds": found.differs is None,
            "reproduced": found.reproduced,
            "entry": found.differs,
            "reason": problems.filled(found.reason, {}),
        },
        "state": {"holds": found.state},
        "verdicts": [
            {
                "rule": one.rule,
                "article": one.article,
                "conclusion": one.conclusion,
                "about": one.about,
                "entries": list(one.entries),
                "due": None if one.due is None else one.due.isoformat(),
            }
            for one in judged
        ],
    }
