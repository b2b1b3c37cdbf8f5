"""What a party and an applicant get to see of a case: their own papers and tasks, no ballots and nobody else's data."""

from typing import Any

import pytest

from tests import city
from tests.processes import answers
from tests.processes.story import Story, at, form_and_evaluate, panel_meets
from workflow_service import errors
from workflow_service.cases import files, pages, queries, why
from workflow_service.storage import tables

SUBJECTS = [
    {"kind": "leading_body", "name": "甲局领导班子", "org": "甲局", "org_type": "party_government"},
    {"kind": "person", "name": "丁", "org": "甲局", "org_type": "party_government", "account": "party_1"},
    {"kind": "person", "name": "戊", "org": "甲局", "org_type": "party_government", "account": "party_2"},
]


@pytest.fixture
def story(town: city.City) -> Story:
    """A complex case of a unit and two persons, whose panel has met."""
    story = Story(town, town.open("applicant_1", "intake", **answers.application("6.4", subjects=SUBJECTS)))
    story.is_accepted(complex_=True)
    story.is_investigated("6.4", mixed_ownership="yes", no_precedent="yes", state_equity_loss_major="no", loss_level="minor")  # fmt: skip
    form_and_evaluate(story, dissenter="panel_expert_1")
    return story


def decided(story: Story) -> None:
    outcomes = {"s1": "EXEMPT", "s2": "LIGHTEN", "s3": "NOT_TOLERATED"}
    panel_meets(story, outcomes)
    story.does("record_meeting", **answers.meeting(outcomes, story.committee()))
    story.is_decided(at(2026, 4, 30))
    story.town.settle()


def beside(story: Story, name: str, element: str) -> dict[str, Any]:
    """What stands beside an open task when somebody looks at it."""
    task = story.town.task(story.number, element)
    with story.town.look() as session:
        return dict(pages.task_page(session, story.town.actor(name), story.town.time, task).shown)


def papers(story: Story, name: str) -> list[tuple[str, str | None]]:
    """The papers that somebody sees, by template and subject."""
    with story.town.look() as session:
        seen: list[tables.Document] = list(
            pages.case_file(session, story.town.actor(name), story.town.time, story.number).documents
        )
        return sorted((one.template, one.subject_id) for one in seen)


@pytest.mark.parametrize("name", ["applicant_1", "party_1"])
def test_the_opened_opinions_stand_beside_a_task_for_those_who_work_on_it_only(story: Story, name: str) -> None:
    assert beside(story, name, "record_panel_meeting") == {}
    assert beside(story, "panel_secretary_1", "record_panel_meeting")["opened"]["opinions"]


def test_what_a_party_needs_stands_beside_their_own_task(story: Story) -> None:
    decided(story)
    for _ in range(2):
        story.does("draft_correction_notice")
        story.does("sign_correction_notice")
    task = story.town.task_of(story.number, "plan_correction", "party_1")

    with story.town.look() as session:
        own = pages.task_page(session, story.town.actor("party_1"), story.town.time, task).shown
        with pytest.raises(errors.NotFound):
            pages.task_page(session, story.town.actor("party_2"), story.town.time, task)

    assert set(own) == {"draft_correction_notice"}


@pytest.mark.parametrize(
    ("name", "told"),
    [("party_1", {"s1", "s2"}), ("party_2", {"s1"}), ("applicant_1", {"s1", "s2"}), ("supervisor_1", {"s1", "s2"})],
)
def test_how_another_subject_is_corrected_is_nothing_that_a_party_hears(
    story: Story, name: str, told: set[str]
) -> None:
    decided(story)
    actor = story.town.actor(name)

    with story.town.look() as session:
        seen = pages.case_file(session, actor, story.town.time, story.number)
        waits = why.why(session, actor, story.town.time, story.number)

    runs = {run.id: run.key for run in seen.runs if run.process == "correction"}
    assert set(runs.values()) == told
    assert {one.run for one in seen.tasks if one.element == "draft_correction_notice"} == set(runs)
    assert {one.run for one in seen.deadlines if one.element == "notice_overdue"} == set(runs)
    assert {one["run"] for one in seen.positions if one["process"] == "correction"} == set(runs)
    assert len([one for one in waits if one.element == "draft_correction_notice"]) == len(runs)
    mine = {"party_1": {"s2"}, "party_2": {"s3"}}.get(name, {"s1", "s2", "s3"})
    assert seen.decision is not None and {one["subject_id"] for one in seen.decision["papers"]} == mine


@pytest.mark.parametrize(("name", "told"), [("party_2", []), ("clerk_1", ["send_notice"])])
def test_a_call_for_another_subject_is_nothing_that_a_party_waits_for(story: Story, name: str, told: list[str]) -> None:
    decided(story)
    with story.town.work() as session:
        run = session.query(tables.Run).filter_by(process="correction", key="s2").one()
        session.add(
            tables.Job(
                key="k", case_id=run.case_id, run=run.id, element="send_notice", visit=1, kind="notification.notify",
                payload={}, actor="system", due_at=story.town.time, status="todo", created_seq=1,
            )
        )  # fmt: skip

    with story.town.look() as session:
        waits = why.why(session, story.town.actor(name), story.town.time, story.number)

    assert [one.element for one in waits if one.kind == "job"] == told


def test_a_party_reads_what_is_addressed_to_them_and_the_applicant_what_goes_to_all(story: Story) -> None:
    decided(story)

    own = [("T03_acceptance", None), ("T05_rights", None)]
    assert papers(story, "party_1") == [*own, ("T14_decision", "s2")]
    assert papers(story, "party_2") == [*own, ("T14_decision", "s3")]
    assert papers(story, "applicant_1") == [*own, ("T14_decision", "s1")]
    assert {"T12_panel_opinion", "T13_minutes", "T32_filing"} <= {template for template, _ in papers(story, "clerk_1")}


def test_who_asked_for_a_recusal_reads_the_decision(town: city.City) -> None:
    story = Story(town, town.open("applicant_1", "intake", **answers.application("4.1", subjects=SUBJECTS)))
    town.send("party_1", story.number, "recusal_requested", person="clerk_1", ground="近亲属")
    story.does("decide_recusal", granted=False, reason="不属实")
    town.settle()

    assert papers(story, "party_1") == [("T30_recusal", None)]
    assert papers(story, "party_2") == []


def test_a_head_whom_the_case_is_about_reads_it_as_a_party(town: city.City) -> None:
    given = answers.application("4.1")
    given["subjects"].append({**given["subjects"][0], "kind": "person", "name": "李四", "account": "chief_2"})
    story = Story(town, town.open("applicant_1", "intake", **given))
    story.is_accepted(simple=True, consensus=True)
    story.does("plan_investigation", team=["investigator_1", "investigator_2"])
    task, actor = town.task(story.number, "record_evidence"), town.actor("chief_2")
    investigator = town.actor("investigator_1")
    with town.work() as session:
        kept = files.upload(session, investigator, town.time, "笔录.pdf", "application/pdf", b"%PDF-1.7")
    story.does("record_evidence", "investigator_1", record=kept.id)

    with town.work() as session:
        file = pages.case_file(session, actor, town.time, story.number)
        told = queries.journal(session, actor, town.time, story.number, size=200)
        seen = pages.task_page(session, actor, town.time, task)
        with pytest.raises(errors.NotFound):
            files.download(session, actor, town.time, kept.id)
        with pytest.raises(errors.NotAllowed):
            queries.record(session, actor, town.time, story.number, "replay")

    assert [one["name"] for one in file.subjects] == ["李四"]
    assert (file.attachments, {one.template for one in file.documents} - {"T03_acceptance", "T05_rights"}) == (
        [],
        set(),
    )
    assert [one for one in told.items if one.body is not None] == []
    assert (seen.draft, seen.shown, seen.may & {"transfer", "countersign"}) == (None, {}, frozenset())
