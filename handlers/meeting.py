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
        attendees, votes = record.get("attendees"), record.get("votes") or ()
        named = {*(accounts(attendees) if isinstance(attendees, list) else ()), *accounts(votes)}
        recused = {*accounts(record.get("recused")), *(named & _recused_before(context))}
        concerned = (named & _concerned(context)) - recused
        recused |= concerned
        there = set(accounts(attendees)) if isinstance(attendees, list) else None
        due = int(record.get("members_due") or 0)
        if context.settings.get("recused_in_denominator", "True") == "False":
            due -= len(recused)
        last = {str(row.get("user")): row for row in votes if not row.get("subject_id")}
        rows = [*last.values(), *(row for row in votes if row.get("subject_id"))]
        absent = {str(row.get("user")) for row in rows if there is not None and str(row.get("user")) not in there}
        counted = tuple(row for row in rows if str(row.get("user")) not in recused | absent)
        notes = [f"{len(absent)}名未到会人员的书面意见不计入票数"] if absent - recused else []
        away = len(recused) - len(concerned)
        notes += [f"回避{away}人，不计入到会和赞成人数"] if away else []
        if concerned:
            notes.append(f"当事人、证人或者本案调查人员{len(concerned)}人应当回避，不计入到会和赞成人数")
        present = int(attendees or 0) if there is None else len(there - recused)
        return cls(due, present, counted, tuple(notes))

    def ayes(self, subject: str) -> int:
        """How many who are present and not recused are in favour for a subject."""
        own = {str(row.get("user")): row for row in self.votes if row.get("subject_id") in (None, "", subject)}
        return sum(row.get("vote") == "for" for row in own.values())


def accounts(people: Sequence[Any] | None) -> list[str]:
    """Account names from a list of names or of rows with ``user``, without repeats."""
    names = [str(one.get("user")) if isinstance(one, Mapping) else str(one) for one in people or ()]
    return list(dict.fromkeys(names))


def _recused_before(context: Context) -> set[str]:
    """Who was recused in this case, whether or not the record of the meeting says so."""
    return set(map(str, context.case.get("recused") or ()))


def _concerned(context: Context) -> set[str]:
    """Who has no vote in this case without anybody asking: its subjects, its witnesses, those who investigated it."""
    subjects = {str(one["account"]) for one in context.case.get("subjects") or () if one.get("account")}
    team = (context.data.get("plan_investigation") or {}).get("team")
    return subjects | set(map(str, context.case.get("witnesses") or ())) | set(accounts(team))
