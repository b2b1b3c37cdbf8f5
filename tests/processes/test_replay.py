"""Whatever people choose, whenever they choose it, the journal alone gives the stored state again."""

import tempfile
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests import city
from tests.processes import answers
from tests.processes.story import PANEL, Story, at
from workflow_service import errors
from workflow_service.storage import database, tables

SUBJECT = {"kind": "person", "name": "丁", "org": "甲局", "org_type": "party_government", "account": "party_1"}
COMMITTEE = [f"committee_member_{n}" for n in range(1, 6)]
ROWS = [{"subject_id": "s1", "outcome": "EXEMPT", "grounds": "符合规定情形"}]
STATEMENT = {"party": "s1", "mode": "written", "content": "情况说明。"}
FACTS = {"excel_motive": "yes", "new_approach": "yes", "external_cause": "yes", "goal_unmet": "yes"}
MET = answers.meeting({"s1": "EXEMPT"}, COMMITTEE)

CHOICES: Mapping[str, tuple[Mapping[str, Any], ...]] = {
    "review_acceptance": (
        {},
        {},
        {"materials_complete": False, "decision": "supplement", "missing_items": ["会议记录"]},
    ),
    "propose_route": (answers.route(simple=True, consensus=True), answers.route(), answers.route(complex_=True)),
    "approve_route": (answers.route(simple=True, consensus=True), answers.route(), answers.route(complex_=True)),
    "plan_investigation": ({"team": ["investigator_1", "investigator_2"]},),
    "record_evidence": ({}, {"more": True}),
    "report_investigation": (answers.report("4.1", **FACTS), answers.report("4.1", diligent="unknown")),
    "draft_opinion": ({"outcomes": ROWS, "opinion": "建议免于问责"},),
    "consult_personnel": ({}, {"opinion": "disagree"}),
    "decide_escalation": ({"escalate": True, "reason": "意见不一"}, {"escalate": False, "reason": "可以研究"}),
    "record_meeting": (MET, MET, {**MET, "consensus_objection": True}, {**MET, "deferred": True}),
    "form_panel": (
        {
            "members": [{"user": name, "category": category} for name, category in PANEL],
            "chair": "panel_chair_1",
            "secretary": "panel_secretary_1",
        },
    ),
    "evaluate": (
        {"proposed_outcome": "EXEMPT", "declared_no_conflict": True, "codes_met": ["4.1"], **answers.CRITERIA},
    ),
    "record_panel_meeting": (
        {
            "attendees": [name for name, _ in PANEL],
            "votes": [{"user": name, "vote": "for"} for name, _ in PANEL],
            "dissents_attached": True,
            "opinion": "一致意见",
        },
    ),
    "issue_panel_opinion": ({"outcomes": ROWS, "majority": "一致意见"},),
    "answer_appeal": ({}, {"effect": "reinvestigate"}, {"effect": "reroute"}),
    "check_draft": ({}, {"approved": False}),
    "decide_suspension": ({"granted": True, "reason": "同意"}, {"granted": False, "reason": "不同意"}),
    "decide_withdrawal": ({"granted": False, "reason": "继续办理"}, {"granted": True, "reason": "同意"}),
    "decide_resumption": ({"granted": True, "reason": "同意"},),
}
MESSAGES: tuple[tuple[str, str, Mapping[str, Any]], ...] = (
    ("party_1", "statement_received", STATEMENT),
    ("party_1", "statement_received", STATEMENT),
    ("clerk_1", "suspension_requested", {"reason_code": "judicial_or_audit", "reason": "等待审计结论"}),
    ("clerk_1", "resumption_requested", {"reason": "审计已结束"}),
    ("applicant_1", "withdrawal_requested", {"reason": "不再申请"}),
    ("party_1", "recusal_requested", {"person": "panel_expert_2", "ground": "近亲属"}),
)
MOVES = st.one_of(
    st.tuples(st.just("work"), st.integers(0, 11)),
    st.tuples(st.just("work"), st.integers(0, 11)),
    st.tuples(st.just("work"), st.integers(0, 11)),
    st.tuples(st.just("say"), st.integers(0, len(MESSAGES) - 1)),
    st.tuples(st.just("wait"), st.integers(1, 40)),
)


def works(story: Story, n: int) -> None:
    """Somebody does one of the open tasks, in one of its ways; a refusal of form or duty changes nothing."""
    town = story.town
    tasks = town.open_tasks(story.number)
    if not tasks:
        return
    task_id = tasks[n % len(tasks)]
    element = task_id.split(".")[2]
    ways = CHOICES.get(element, ({},))
    filled = {**answers.ORDINARY.get(element, {}), **ways[n % len(ways)]}
    if element == "report_investigation":
        with town.look() as session:
            kept = session.query(tables.Message.key).filter_by(name="statement_received")
            filled["statements_considered"] = [row.key for row in kept]
    if element == "sign_decision":
        filled["decision_date"] = town.time.astimezone(answers.SHANGHAI).date().isoformat()
    try:
        who = town.somebody(task_id)
    except AssertionError:
        return  # duties of this case leave nobody for it
    try:
        town.do(who, task_id, **filled)
    except (errors.Invalid, errors.Conflict, errors.NotAllowed):
        town.settle()


def moves(story: Story, kind: str, n: int) -> None:
    if kind == "work":
        works(story, n)
    elif kind == "wait":
        story.town.time += timedelta(days=n)
        story.town.settle()
    else:
        sender, message, data = MESSAGES[n]
        try:
            story.town.send(sender, story.number, message, **data)
        except (errors.Conflict, errors.NotFound):
            story.town.settle()


@settings(
    max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(st.lists(MOVES, min_size=8, max_size=30))
def test_random_cases_are_given_again_by_their_journal(migrated_sqlite: bytes, chosen: list[tuple[str, int]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "case.db"
        path.write_bytes(migrated_sqlite)
        db = database.open_database(f"sqlite:///{path}")
        town = city.make(db, at(2026, 1, 5))
        story = Story(town, town.open("applicant_1", "intake", **answers.application("4.1", subjects=[SUBJECT])))

        for kind, n in chosen:
            moves(story, kind, n)

        story.holds()
        db.engine.dispose()
