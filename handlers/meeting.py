"""Counts a committee's votes: who should attend, who is there and may vote, and who never may in this case."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from workflow_service.handler_api import Context


@dataclass(frozen=True)
class Count:
    """A meeting in numbers: who should attend, who is there and may vote, and how each of them voted."""

    due: int
    present: int
    votes: tuple[Mapping[str, Any], ...]
    notes: tuple[str, ...]

    @classmethod
    def of(cls, context: Context, record: Mapping[str, Any]) -> "Count":
        case, attendees, votes = context.case, record.get("attendees"), record.get("votes") or ()
        there = set(accounts(attendees)) if isinstance(attendees, list) else None
        named = {*(there or ()), *accounts(votes)}
        recused = {*accounts(record.get("recused")), *(named & set(accounts(case.get("recused"))))}
        barring = barred(case.get("subjects"), case.get("investigators"), case.get("witnesses"))
        concerned = (named & barring.keys()) - recused
        away = recused | concerned
        due = int(record.get("members_due") or 0)
        if context.settings["recused_in_denominator"] == "False":
            due -= len(away)
        last = {str(row.get("user")): row for row in votes if not row.get("subject_id")}
        rows = [*last.values(), *(row for row in votes if row.get("subject_id"))]
        absent = {str(row.get("user")) for row in rows if there is not None and str(row.get("user")) not in there}
        counted = tuple(row for row in rows if str(row.get("user")) not in away | absent)
        notes = [f"{len(absent)}名未到会人员的书面意见不计入票数"] if absent - away else []
        notes += [f"回避{len(recused)}人，不计入到会和赞成人数"] if recused else []
        if concerned:
            notes.append(f"当事人、证人或者本案调查人员{len(concerned)}人应当回避，不计入到会和赞成人数")
        present = int(attendees or 0) if there is None else len(there - away)
        return cls(due, present, counted, tuple(notes))

    def ayes(self, subject: str) -> int:
        """How many who are present and not recused are in favour for a subject."""
        own = {str(row.get("user")): row for row in self.votes if row.get("subject_id") in (None, "", subject)}
        return sum(row.get("vote") == "for" for row in own.values())


def accounts(people: Sequence[Any] | None) -> list[str]:
    """Account names from a list of names or of rows with ``user``, without repeats."""
    names = [str(one.get("user")) if isinstance(one, Mapping) else str(one) for one in people or ()]
    return list(dict.fromkeys(names))


def barred(
    subjects: Sequence[Mapping[str, Any]] | None,
    investigators: Sequence[str] | None,
    witnesses: Sequence[str] | None,
    recused: Sequence[str] | None = None,
) -> dict[str, str]:
    """Account name → why this person neither sits in a panel nor votes in the case, the weightiest reason of several."""
    return {
        **dict.fromkeys(map(str, investigators or ()), "参加了本案调查"),
        **dict.fromkeys(map(str, witnesses or ()), "是本案证人"),
        **{str(one["account"]): "是本案当事人" for one in subjects or () if one.get("account")},
        **dict.fromkeys(map(str, recused or ()), "已经回避本案"),
    }
