"""A case with what ordinary people do in it, told step by step; shared by the stories of the procedure."""

import io
import zipfile
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from tests import city
from tests.processes import answers
from workflow_service.audit import oracle, replay
from workflow_service.bundles import programs
from workflow_service.cases import queries
from workflow_service.storage import journal, tables

COMMITTEE = [f"committee_member_{n}" for n in range(1, 6)]
PANEL = [
    ("panel_discipline_1", "discipline"), ("panel_discipline_2", "discipline"), ("panel_personnel_1", "personnel"),
    ("panel_business_1", "competent"), ("panel_related_1", "related"), ("panel_expert_1", "expert"), ("panel_expert_2", "expert"),
]  # fmt: skip


def at(year: int, month: int, day: int, hour: int = 10) -> datetime:
    """A time on the wall in Shanghai."""
    return datetime(year, month, day, hour - 8, tzinfo=UTC)


def by(place: str, name: str) -> str:
    """The account of a person of a place."""
    if place == "city":
        return name
    stem, _, n = name.rpartition("_")
    return f"{stem}_{place}_{n}"


class Story:
    """A case with what ordinary people do in it."""

    def __init__(self, town: city.City, number: str) -> None:
        self.town, self.number = town, number
        self.place = town.place(number)
        town.settle()

    def does(self, element: str, who: str = "", **data: Any) -> str:
        return self.town.perform(self.number, element, who, **{**answers.ORDINARY.get(element, {}), **data})

    def named(self, name: str) -> str:
        return by(self.place, name)

    def is_accepted(self, **facts: bool) -> None:
        """Taken up, and its path proposed and approved."""
        self.does("review_acceptance")
        self.does("propose_route", **answers.route(**facts))
        self.does("approve_route", **answers.route(**facts))

    def is_investigated(self, *codes: str, statements: Sequence[str] = (), **facts: Any) -> None:
        """Two investigators look into it and report."""
        self.does("plan_investigation", team=[self.named("investigator_1"), self.named("investigator_2")])
        self.does("record_evidence")
        self.does("report_investigation", statements_considered=list(statements), **answers.report(*codes, **facts))

    def is_decided(self, day: datetime) -> None:
        """Drafted, checked, signed on a day."""
        self.does("draft_decision")
        self.does("check_draft")
        self.town.time = day
        self.does("sign_decision", decision_date=day.astimezone(answers.SHANGHAI).date().isoformat())

    def committee(self) -> list[str]:
        return [self.named(name) for name in COMMITTEE]

    def elements(self) -> list[str]:
        return self.town.elements(self.number)

    def due(self, element: str) -> str:
        """The day on which an open task is due."""
        with self.town.look() as session:
            task = session.get_one(tables.Task, self.town.task(self.number, element))
            assert task.due_at is not None
            return task.due_at.astimezone(answers.SHANGHAI).date().isoformat()

    def variant(self) -> str:
        """The county variant whose definition the case runs on; empty for the city's own."""
        with self.town.look() as session:
            return str((programs.of(session, self.town.case(self.number).bundle).variant or {}).get("id", ""))

    def status(self) -> str:
        return self.town.case(self.number).status

    def corrects(self, notice: datetime, party: str = "party_1") -> None:
        """The notice is drafted, signed and sent on a day; the object corrects and is accepted."""
        self.does("draft_correction_notice")
        self.town.time = max(notice, self.town.time)
        self.does("sign_correction_notice")
        self.does("supervise_correction")
        self.does("plan_correction", self.named(party))
        self.does("report_correction", self.named(party))
        self.does("accept_correction")

    def ends_in_the_archive(self, visits: int) -> None:
        """Results are used, visits made as their months come, and the whole is archived."""
        if "use_result" in self.elements():
            self.does("use_result")
        made = 0
        for _ in range(24):
            if "visit" in self.elements():
                self.does("visit", interviewer=[self.named("personnel_1"), self.named("clerk_1")], work="工作正常")
                made += 1
            if "review_archive" in self.elements():
                break
            self.town.wait(days=31)
        assert made == visits
        self.does("review_archive")
        assert self.status() == "archived"
        assert self.elements() == []
        self.holds()

    def rows(self, element: str) -> list[tables.Task]:
        """The open tasks of an element."""
        with self.town.look() as session:
            tasks = [session.get_one(tables.Task, one) for one in self.town.open_tasks(self.number)]
            return [one for one in tasks if one.element == element]

    def returned(self, element: str) -> dict[str, Any]:
        """What the handler of an element gave back last."""
        for entry in reversed(self.town.journal(self.number)):
            body = journal.body_of(entry)
            if entry.kind == "returned" and body["at"]["element"] == element:
                result: dict[str, Any] = body["result"]
                return result
        raise AssertionError(f"{element} has not returned")

    def holds(self) -> None:
        """Everything that must be true of a case is true of this one: chain, re-execution, state, jobs, the regulation.

        That no rule was broken is judged by the record alone; what the diagrams recorded as a breach is one, and no more.
        """
        with self.town.look() as session:
            assert oracle.examine(session, self.town.time, [self.number]) == []
            case = queries.found(session, self.number)
            judged = replay.judged(session, self.town.time, replay.verify(session, case))
            broken = {(one.rule, one.about) for one in judged if one.conclusion == "broken"}
            assert broken == {("notice", one["object"]) for one in case.shared.get("breaches") or ()}


def text_of(document: bytes) -> str:
    """All text of a DOCX file."""
    with zipfile.ZipFile(io.BytesIO(document)) as archive:
        return archive.read("word/document.xml").decode()


def forms_panel(story: Story, replaced: dict[str, str] | None = None, *, committed: bool = False) -> None:
    """A panel of seven is formed and promises secrecy; who has promised before is not asked again."""
    sitting = [((replaced or {}).get(name, name), category) for name, category in PANEL]
    story.does(
        "form_panel",
        members=[{"user": story.named(name), "category": category} for name, category in sitting],
        chair=story.named("panel_chair_1"),
        secretary=story.named("panel_secretary_1"),
    )
    for name, _category in sitting:
        if committed and name not in (replaced or {}).values():
            continue
        task = story.town.task_of(story.number, "commit_confidentiality", story.named(name))
        story.town.do(story.named(name), task, conflict=False, sign=True)


def form_and_evaluate(story: Story, dissenter: str = "") -> None:
    """The panel is formed, and each member evaluates on their own."""
    forms_panel(story)
    for name, _category in PANEL:
        extra = {"dissent": "不同意从轻，应免于问责"} if name == dissenter else {}
        task = story.town.task_of(story.number, "evaluate", story.named(name))
        story.town.do(
            story.named(name), task, proposed_outcome="LIGHTEN", declared_no_conflict=True, codes_met=["6.4"], **answers.CRITERIA, **extra
        )  # fmt: skip


def panel_meets(story: Story, outcomes: dict[str, str]) -> None:
    """The panel discusses, records dissent verbatim, and issues its opinion."""
    members = [story.named(name) for name, _ in PANEL]
    story.does(
        "record_panel_meeting",
        attendees=members,
        votes=[{"user": name, "vote": "for"} for name in members],
        dissents_attached=True,
        opinion="多数意见：经理从轻，董事会免于问责",
    )
    rows = [{"subject_id": subject, "outcome": outcome, "grounds": "综合评判"} for subject, outcome in outcomes.items()]
    story.does("issue_panel_opinion", outcomes=rows, majority="多数意见")
