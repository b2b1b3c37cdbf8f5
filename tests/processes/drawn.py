"""A case worked by the city's own diagrams and tables, in memory; handlers answer at once from a list of results."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta, timezone
from functools import cache
from pathlib import Path
from typing import Any

from workflow_service import dmn, engine, workdays
from workflow_service.engine import inputs, view

HERE = Path(__file__).parent.parent.parent / "bpmn"
SHANGHAI = timezone(timedelta(hours=8))
Parameters = Mapping[str, Any]

GATE = {
    "in_scope": "yes", "purpose": "reform", "deviation": "yes", "no_breach": "yes", "diligent": "yes", "no_private_gain": "yes",
}  # fmt: skip
RATINGS = {
    "c_motive": {"rating": "public"}, "c_nature": {"rating": "responsible"},
    "c_process": {"rating": "collective"}, "c_result": {"rating": "controllable"},
}  # fmt: skip
REPORT = {**GATE, **RATINGS, "excel_motive": "yes", "new_approach": "yes", "external_cause": "yes", "goal_unmet": "yes",
          "situation_codes": ["4.1"], "report": "查明的事实"}  # fmt: skip
SUBJECTS = [
    {"id": "s1", "kind": "leading_body", "name": "甲局领导班子", "org": "甲局"},
    {"id": "s2", "kind": "person", "name": "乙", "org": "甲局", "account": "party2"},
]
MEMBERS = [
    {"user": f"m{number}", "category": category, "org": f"单位{number}"}
    for number, category in enumerate(("discipline", "personnel", "competent", "related", "expert"), 1)
]


@cache
def program() -> engine.Program:
    """The city's diagrams, compiled once, with its tables."""
    models = {path.stem: dmn.read(path.read_bytes()) for path in sorted(HERE.glob("*.dmn"))}
    return engine.compile_program({path.name: path.read_bytes() for path in sorted(HERE.glob("*.bpmn"))}, models)


@cache
def calendar() -> workdays.Calendar:
    """The official calendar."""
    return workdays.from_rows("seed", workdays.seed())


def _meeting(parameters: Parameters) -> dict[str, Any]:
    record = parameters["record"]
    return {
        "held": True,
        "passed": record.get("resolution") == "通过",
        "deferred": record.get("deferred") is True,
        "consensus_objection": record.get("consensus_objection") is True,
    }


RESULTS: dict[str, Callable[[Parameters], Any]] = {
    "assessment.check_meeting": _meeting,
    "assessment.assess_eligibility": lambda given: {"eligible": given["gate"]["eligible"], "advice": "供参考"},
    "assessment.check_panel": lambda _: {"ok": True},
    "assessment.check_panel_meeting": lambda _: {"quorum": True},
    "assessment.open_opinions": lambda given: {"opinions": [], "missing": [], "members": given["members"]},
    "notification.assign_case_no": lambda _: {"case_no": "丽容错〔2026〕1号"},
    "notification.issue_letter": lambda given: {"document": given["template"], "number": "丽容错〔2026〕1号"},
    "notification.notify": lambda _: {"posted": 1},
    "notification.serve": lambda _: {"served": []},
    "notification.send_correction_notice": lambda _: {"sent_at": "2026-09-23T10:00:00+08:00", "in_time": True},
    "archival.check_completeness": lambda _: {"complete": True, "missing": []},
    "archival.test_properties": lambda _: {"passed": True},
    "archival.build_package": lambda _: {"file": "f1"},
    "archival.close_case": lambda _: {"archived_at": "2026-09-30"},
    "archival.publish_typical_case": lambda _: {"library_id": "L1"},
}


@dataclass
class Case:
    """A family of runs; after every move the handlers' calls are answered until none waits.

    Args:
        now: the time, set by hand.
        fails: operation → error code that its next call ends with.
        results: operation → answer, in place of the usual one.
        asked: who must consent to a typical case, by the case it is drawn from.
    """

    now: datetime = datetime(2026, 9, 1, 9, 0, tzinfo=SHANGHAI)
    fails: dict[str, str] = field(default_factory=dict)
    results: dict[str, Callable[[Parameters], Any]] = field(default_factory=dict)
    called: list[tuple[str, Parameters]] = field(default_factory=list)
    asked: Any = None

    def __post_init__(self) -> None:
        shared = {
            "number": "RC-2026-00001",
            "place": "city",
            "opened_at": self.now.isoformat(),
            "opened_by": "applicant1",
            **({} if self.asked is None else {"asked": self.asked}),
        }
        self.family: view.Family = engine.begin(shared)

    @property
    def shared(self) -> Mapping[str, Any]:
        """What the case publishes."""
        return self.family.case

    def move(self, moved: inputs.Input) -> None:
        """Feeds one input, then answers the calls that follow."""
        self.family = engine.advance(program(), self.family, moved, self.now.astimezone(UTC), calendar()).family
        while calls := engine.pending(program(), self.family).calls:
            self.family = engine.advance(
                program(), self.family, self._answer(calls[0]), self.now.astimezone(UTC), calendar()
            ).family

    def _answer(self, call: view.Call) -> inputs.Input:
        self.called.append((call.operation, call.parameters))
        if call.operation in self.fails:
            return inputs.Failed(call.at, self.fails.pop(call.operation), "不符合")
        answer = self.results.get(call.operation, RESULTS[call.operation])
        return inputs.Returned(call.at, answer(call.parameters))

    def tasks(self) -> list[view.OpenTask]:
        """The open user tasks."""
        return list(engine.pending(program(), self.family).tasks)

    def open(self) -> list[str]:
        """Element ids of the open user tasks, each as often as it is open, sorted."""
        return sorted(task.at.element for task in self.tasks())

    def task(self, element: str, of: str = "") -> view.OpenTask:
        """The open task of an element; ``of`` chooses by run key or assignee when there are several."""
        found = [one for one in self.tasks() if one.at.element == element]
        keys = {run.id: run.key for run in self.family.runs.values()}
        if of:
            found = [one for one in found if keys.get(one.at.run) == of or of in one.assignees]
        assert len(found) == 1, f"{element} {of}: {found}, open: {self.open()}"
        return found[0]

    def do(self, element: str, of: str = "", by: str = "someone", **answers: Any) -> None:
        """A person completes a task."""
        self.move(inputs.Submitted(self.task(element, of).at, answers, by))

    def begin(self, process: str, **answers: Any) -> None:
        """A person starts a case with the first form."""
        self.move(inputs.Started(process, {}))
        self.move(inputs.Submitted(self.tasks()[0].at, answers, "applicant1"))

    def say(self, message: str, key: str = "", **data: Any) -> None:
        """A message comes in from outside."""
        kept = {
            "message_key": key,
            "sender": "party2",
            "received": self.now.isoformat(),
            "duties": {"person": []},
            **data,
        }
        self.move(inputs.Received(message, kept, key, "party2"))

    def wait_until(self, day: date, hour: int = 9) -> None:
        """Lets time pass; timers fire at their dates, in order."""
        target = datetime.combine(day, time(hour), SHANGHAI)
        while due := [one for one in engine.pending(program(), self.family).timers if one.due <= target]:
            first = min(due, key=lambda one: (one.due, str(one.at)))
            self.now = max(self.now, first.due)
            self.move(inputs.Elapsed(first.at))
        self.now = target

    def letters(self) -> list[str]:
        """Templates of the letters issued, in order."""
        return [given["template"] for operation, given in self.called if operation == "notification.issue_letter"]

    def runs(self, process: str) -> list[str]:
        """Keys of the runs of a process, open or closed."""
        return [one["key"] for one in self.shared["runs"] if one["process"] == process]


def applied(**answers: Any) -> Case:
    """A case whose application has been filed."""
    case = Case()
    filled = {
        "applicant_kind": "unit",
        "matter": "扶持政策未达目标",
        "subjects": SUBJECTS[:1],
        "situation_codes": ["4.1"],
    }
    case.begin("intake", **{**filled, **answers})
    return case


def accepted(**route: Any) -> Case:
    """A case that was accepted and routed; ``route`` holds the facts of the path."""
    case = applied(subjects=SUBJECTS)
    case.do("review_acceptance", by="clerk1", decision="accept", in_scope=True)
    case.do("propose_route", by="clerk1", **route)
    case.do("approve_route", by="chief1", approved=True)
    return case


def investigated(case: Case, **facts: Any) -> Case:
    """The same case after its investigation."""
    case.do("plan_investigation", by="inv1", team=["inv1", "inv2"], plan="方案", due="2026-09-15")
    case.do("record_evidence", by="inv1", kind="talk")
    case.do("report_investigation", by="inv1", **{**REPORT, **facts})
    return case


def outcomes(first: str, second: str = "") -> list[dict[str, Any]]:
    """A resolution's rows for the two subjects."""
    return [
        {"subject_id": "s1", "outcome": first, "grounds": "理由一"},
        {"subject_id": "s2", "outcome": second or first, "grounds": "理由二"},
    ]


def resolved_simply(first: str = "EXEMPT") -> Case:
    """A simple case with the committee's resolution."""
    case = investigated(accepted(circumstances_simple=True, general_consensus=True))
    case.do("draft_simple_decision", by="clerk1", proposal=first, grounds="理由")
    case.do("record_meeting", by="sec1", resolution="通过", outcomes=outcomes(first))
    return case


def signed(case: Case, day: str = "2026-09-18") -> Case:
    """The same case after its decision was signed."""
    case.wait_until(date.fromisoformat(day))
    case.do("draft_decision", by="clerk1")
    case.do("check_draft", by="chief1", approved=True)
    case.do("sign_decision", by="signer1", approved=True, decision_date=day)
    return case
