"""Writes and proves the journal: one hash chain per case, appended in the transaction of the step.

``hash = SHA-256("entry1:" ‖ previous hash ‖ ":" ‖ JCS(header))`` where the header holds ``body_hash = SHA-256(salt ‖ ":" ‖ body)``
and the body is canonical JSON (RFC 8785). So a body can be erased by decision and the chain still holds.
``docs/audit-format.md`` describes the format for those who write a verifier of their own.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple

import orjson
import rfc8785
from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from workflow_service.storage import steps, tables
from workflow_service.storage.prepared import Prepared

_INSERT = Prepared(insert(tables.Entry))


class Line(NamedTuple):
    """What is to be written.

    Args:
        kind, version: the entry's type, and the version of its body's shape.
        at: when it happened, aware.
        actor: account name of who acted, or ``system``.
        body: plain JSON.
        on_behalf_of: account name of the absent person for whom a substitute acted.
        origin: hash of the network address the act came from.
        bundle: hash of the bundle version the case ran on; calendar: version used to compute dates, if any.
        fingerprint: the engine's digest of the state after this entry, empty when the engine was not moved.
    """

    kind: str
    version: int
    at: datetime
    actor: str
    body: dict[str, Any]
    on_behalf_of: str | None = None
    origin: str = ""
    bundle: str = ""
    calendar: str = ""
    fingerprint: str = ""


def append(session: Session, case: tables.Case, line: Line, salt: str) -> int:
    """Writes a line at the end of the case's journal and gives its number.

    The caller holds the case's lock, and saves the case (``steps.save_case``) when the step is complete.
    """
    seq = case.head_seq + 1
    body = canonical(line.body).decode()
    values: dict[str, Any] = {
        "case_id": case.id,
        "seq": seq,
        "kind": line.kind,
        "version": line.version,
        "at": line.at,
        "actor": line.actor,
        "on_behalf_of": line.on_behalf_of,
        "origin": line.origin,
        "bundle": line.bundle,
        "calendar": line.calendar,
        "body": body,
        "salt": salt,
        "body_hash": body_hash(salt, body),
        "fingerprint": line.fingerprint,
        "prev_hash": case.head_hash,
    }
    values["hash"] = chain(case.head_hash, header(case.number, values))
    _INSERT.write(session, values)
    steps.hold(case, head_seq=seq, head_hash=values["hash"])
    return seq


def canonical(value: Any) -> bytes:
    """Plain JSON as RFC 8785 has it written.

    ``orjson`` writes sorted JSON the same way, many times faster, except for fractions, for whole numbers that a double
    cannot hold and for the order of names beyond ASCII; those are left to ``rfc8785``.
    """
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS) if _is_simple(value) else bytes(rfc8785.dumps(value))


def _is_simple(value: Any) -> bool:
    kind = type(value)
    if kind in _SIMPLE:
        return True
    if kind is dict:
        for name, one in value.items():
            if type(name) is not str or not name.isascii() or not (type(one) in _SIMPLE or _is_simple(one)):
                return False
        return True
    if kind is list:
        return all(map(_is_simple, value))
    return kind is int and -_EXACT < value < _EXACT


_SIMPLE = frozenset((str, bool, type(None)))
_EXACT = 2**53


def header(number: str, entry: dict[str, Any]) -> dict[str, Any]:
    """The part of an entry that is chained: everything but the body's text."""
    return {
        "case": number,
        "seq": entry["seq"],
        "kind": entry["kind"],
        "version": entry["version"],
        "at": _stamp(entry["at"]),
        "actor": entry["actor"],
        "on_behalf_of": entry["on_behalf_of"],
        "origin": entry["origin"],
        "bundle": entry["bundle"],
        "calendar": entry["calendar"],
        "body_hash": entry["body_hash"],
        "fingerprint": entry["fingerprint"],
    }


def chain(previous: str, head: dict[str, Any]) -> str:
    """The hash of an entry from the hash before it and its header.

    A header holds text, whole numbers and null under ASCII names only; sorted compact JSON of such is canonical JSON.
    """
    return hashlib.sha256(f"entry1:{previous}:".encode() + orjson.dumps(head, option=orjson.OPT_SORT_KEYS)).hexdigest()


def body_hash(salt: str, body: str) -> str:
    """The digest of a body with its salt."""
    return hashlib.sha256(f"{salt}:{body}".encode()).hexdigest()


def _stamp(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def entries(session: Session, case_id: int, after: int = 0, upto: int | None = None) -> Sequence[tables.Entry]:
    """The lines of a case's journal in order, those after ``after`` up to and including ``upto``."""
    query = select(tables.Entry).where(tables.Entry.case_id == case_id, tables.Entry.seq > after)
    if upto is not None:
        query = query.where(tables.Entry.seq <= upto)
    return session.scalars(query.order_by(tables.Entry.seq)).all()


def body_of(entry: tables.Entry) -> dict[str, Any]:
    """The body of an entry as plain JSON."""
    body: dict[str, Any] = orjson.loads(entry.body)
    return body


def legible_body(entry: tables.Entry) -> dict[str, Any] | None:
    """The body of an entry; None when somebody altered it so that it is no record any more."""
    try:
        body = orjson.loads(entry.body)
    except orjson.JSONDecodeError:
        return None
    return body if isinstance(body, dict) else None


@dataclass(frozen=True)
class Break:
    """The first place where a chain does not hold, and why."""

    seq: int
    reason: str


def verify(number: str, lines: Sequence[tables.Entry], head_seq: int, head_hash: str) -> Break | None:
    """The first break of a case's chain, or None when all of it holds up to the recorded head."""
    return _verify_after(number, lines, (0, ""), (head_seq, head_hash))


def verify_part(session: Session, case: tables.Case, after: int = 0, size: int | None = None) -> Break | None:
    """The first break among ``size`` entries after one, their joint with it included; the rest is neither read nor checked."""
    begin = min(after, case.head_seq)
    end = case.head_seq if size is None else begin + size
    at_end = end >= case.head_seq
    lines = entries(session, case.id, max(begin - 1, 0), None if at_end else end)
    before = lines[0].hash if begin and lines and lines[0].seq == begin else ""
    shown = [one for one in lines if one.seq > begin]
    last = (case.head_seq, case.head_hash) if at_end else (end, shown[-1].hash if shown else "")
    return _verify_after(case.number, shown, (begin, before), last)


def _verify_after(
    number: str, lines: Sequence[tables.Entry], begin: tuple[int, str], end: tuple[int, str]
) -> Break | None:
    before, previous = begin
    head_seq, head_hash = end
    for expected, entry in enumerate(lines, start=before + 1):
        fault = _fault(number, entry, expected, previous)
        if fault:
            return Break(expected, fault)
        previous = entry.hash
    if before + len(lines) != head_seq:
        return Break(before + len(lines) + 1, "末尾的记录缺失")
    return None if previous == head_hash else Break(head_seq, "案件记载的末尾与日志不符")


def _fault(number: str, entry: tables.Entry, expected: int, previous: str) -> str | None:
    if entry.seq != expected:
        return "编号不连续，有记录被删除或插入"
    if entry.prev_hash != previous:
        return "与前一条记录不衔接"
    if body_hash(entry.salt, entry.body) != entry.body_hash:
        return "内容与其摘要不符"
    values = {column: getattr(entry, column) for column in HEADER}
    return None if chain(previous, header(number, values)) == entry.hash else "记录的摘要不符"


HEADER = (
    "seq", "kind", "version", "at", "actor", "on_behalf_of", "origin", "bundle", "calendar", "body_hash", "fingerprint",
)  # fmt: skip
