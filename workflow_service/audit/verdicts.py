"""Judges a case by the regulation itself, from what its record says happened: not by its diagrams, which may be wrong."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Literal, Protocol

from workflow_service.bundles import check_notice
from workflow_service.chinese_time import SHANGHAI

_CATEGORIES = frozenset({"discipline", "personnel", "competent", "related", "expert"})

Conclusion = Literal["kept", "broken", "open"]


@dataclass(frozen=True)
class Fact:
    """What the case knew after one entry of its journal.

    Args:
        seq, at, kind, body: the entry, its body as it is kept. case: what the case published by then.
    """

    seq: int
    at: datetime
    kind: str
    body: Mapping[str, Any]
    case: Mapping[str, Any]


@dataclass(frozen=True)
class Verdict:
    """Whether one rule was kept in one matter.

    Args:
        rule: ``window``, ``statement``, ``panel``, ``correction`` or ``notice``. article: of the regulation.
        conclusion: ``open`` while it can still be kept. about: id of the subject or key of the statement, or empty.
        entries: the journal's entries that prove it, in order. due: the last day that would be in time, where there is one.
    """

    rule: str
    article: str
    conclusion: Conclusion
    entries: tuple[int, ...]
    about: str = ""
    due: date | None = None


class Calendar(Protocol):
    """The working days that count."""

    def provisional_after(self, start: date, days: int) -> tuple[date, bool]: ...


def judge(facts: Sequence[Fact], now: datetime, calendar: Calendar) -> list[Verdict]:
    """Every rule in every matter to which it applies; a rule that nothing in the case calls for is left out.

    Args:
        facts: of all entries in order, the clean record of one case. calendar: as it is known today.
    """
    signing = next((one for one in facts if one.case.get("decision")), None)
    found = [*_window(facts, signing), *_statements(facts, signing), *_panels(facts)]
    if signing is not None:
        found += [*_corrections(facts, signing), *_notices(facts, signing, now, calendar)]
    return found


def _window(facts: Sequence[Fact], signing: Fact | None) -> Iterator[Verdict]:
    """Article 16: statements can be made from the start of the procedure until the decision is signed."""
    begun = next((one for one in facts if one.case.get("window_open") is True), None)
    if begun is None:
        return
    until = signing or next((one for one in facts if one.seq > begun.seq and one.case.get("end")), None)
    within = [one for one in facts if one.seq >= begun.seq and (until is None or one.seq < until.seq)]
    shut = next((one for one in within if one.case.get("window_open") is not True), None)
    if shut is not None:
        yield Verdict("window", "16", "broken", (begun.seq, shut.seq))
    elif until is None:
        yield Verdict("window", "16", "open", (begun.seq,))
    else:
        yield Verdict("window", "16", "kept", (begun.seq, until.seq))


def _statements(facts: Sequence[Fact], signing: Fact | None) -> Iterator[Verdict]:
    """Article 16: a statement that was made before the signing is answered before it."""
    for made in facts:
        if made.kind != "message_kept" or made.body.get("message") != "statement_received":
            continue
        if signing is not None and made.seq > signing.seq:
            return
        key = str(made.body.get("key", ""))
        answered = next((one.seq for one in facts if key in _keys(one.case)), None)
        if signing is not None and (answered is None or answered > signing.seq):
            yield Verdict("statement", "16", "broken", (made.seq, signing.seq), key)
        elif answered is None:
            yield Verdict("statement", "16", "open", (made.seq,), key)
        else:
            yield Verdict("statement", "16", "kept", (made.seq, answered), key)


def _keys(case: Mapping[str, Any]) -> set[str]:
    return {str(one.get("key")) for one in case.get("statements") or ()}


def _panels(facts: Sequence[Fact]) -> Iterator[Verdict]:
    """Article 15: all five kinds of members sit in a panel, or its record says why one does not."""
    before: Mapping[str, Any] | None = None
    for one in facts:
        panel = one.case.get("panel")
        if panel and panel != before:
            present = {str(row.get("category")) for row in panel.get("members") or ()}
            stands = present >= _CATEGORIES or bool(str(panel.get("missing_category_reason") or "").strip())
            yield Verdict("panel", "15", "kept" if stands else "broken", (one.seq,))
        before = panel


def _objects(signing: Fact) -> list[str]:
    """Who must correct: every subject to whom tolerance was granted."""
    rows = signing.case.get("outcomes") or ()
    return [str(one.get("subject_id")) for one in rows if one.get("outcome") != "NOT_TOLERATED"]


def _corrections(facts: Sequence[Fact], signing: Fact) -> Iterator[Verdict]:
    """Article 17: the correction of each is ordered together with the decision, in the same entry."""
    for about in _objects(signing):
        ordered = next((one for one in facts if about in _corrected(one.case)), None)
        proof = (signing.seq,) if ordered is None or ordered.seq == signing.seq else (signing.seq, ordered.seq)
        kept = ordered is not None and ordered.seq == signing.seq
        yield Verdict("correction", "17", "kept" if kept else "broken", proof, about)


def _corrected(case: Mapping[str, Any]) -> set[str]:
    return {str(one.get("key")) for one in case.get("runs") or () if one.get("process") == "correction"}


def _notices(facts: Sequence[Fact], signing: Fact, now: datetime, calendar: Calendar) -> Iterator[Verdict]:
    """Article 17: each notice is sent within five working days of the signing."""
    for about in _objects(signing):
        sent = next((one for one in facts if about in _sent(one.case)), None)
        sent_at = None if sent is None else _sent(sent.case)[about]
        due, conclusion = of_sending(signing.case, sent_at, now, calendar)
        proof = (signing.seq,) if sent is None else (signing.seq, sent.seq)
        yield Verdict("notice", "17", conclusion, proof, about, due)


def of_sending(
    case: Mapping[str, Any], sent_at: datetime | None, now: datetime, calendar: Calendar
) -> tuple[date, Conclusion]:
    """The last day for the correction notice of a decided case, and whether it was kept.

    A day that counts into a year without calendar is too early rather than too late: it proves that a notice was in time,
    and never that one was late.
    """
    signed = date.fromisoformat(str(case["decision"]["date"]))
    due, provisional = calendar.provisional_after(signed, check_notice.MOST_DAYS)
    over = datetime.combine(due + timedelta(days=1), datetime.min.time(), SHANGHAI)
    if (sent_at or now) < over:
        return due, "open" if sent_at is None else "kept"
    return due, "open" if provisional else "broken"


def _sent(case: Mapping[str, Any]) -> dict[str, datetime]:
    """Subject → when the first notice to this one left."""
    found: dict[str, datetime] = {}
    for one in case.get("notices") or ():
        found.setdefault(str(one.get("object")), datetime.fromisoformat(str(one["sent_at"])))
    return found
