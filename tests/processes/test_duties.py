"""Who may do what in one case, shown on the city's own: duties kept apart, and people named as the forms allow."""

from datetime import timedelta

import pytest

from tests import city
from tests.processes import answers
from tests.processes.story import Story
from workflow_service import errors
from workflow_service.cases import pages, tasks
from workflow_service.storage import database, people


def begun(town: city.City, subject: str = "party_1") -> Story:
    """A simple case whose path is approved."""
    one = {"kind": "person", "name": "丁", "org": "甲局", "org_type": "party_government", "account": subject}
    story = Story(town, town.open("applicant_1", "intake", **answers.application("4.1", subjects=[one])))
    story.is_accepted(simple=True, consensus=True)
    return story


@pytest.mark.parametrize(
    ("named", "code"),
    [("clerk_3", "unsuitable_person"), ("nobody", "unknown_person"), ("investigator_3", "disabled_person")],
)
def test_only_active_investigators_are_named_to_the_investigation(town: city.City, named: str, code: str) -> None:
    story = begun(town)
    with town.work() as session:
        session.query(people.Account).filter_by(name="investigator_3").one().active = False

    with pytest.raises(errors.Invalid) as found:
        story.does("plan_investigation", team=["investigator_1", named])

    assert [(one.field, one.code) for one in found.value.errors] == [("team.1", code)]


def test_a_subject_with_an_unknown_account_is_not_entered(town: city.City) -> None:
    with pytest.raises(errors.Invalid) as found:
        begun(town, subject="nobody")

    assert [(one.field, one.code) for one in found.value.errors] == [("subjects.0.account", "unknown_person")]


def grant(town: city.City, name: str, role: str) -> None:
    """Gives somebody a second role, so that nothing but the separation of duties can keep them from a task."""
    with town.work() as session:
        account = session.query(people.Account).filter_by(name=name).one()
        session.add(people.Grant(account_id=account.id, role=role, granted_by="test", granted_at=town.time))


def refused(story: Story, name: str, element: str) -> str:
    """Why somebody may not take a task; whoever holds it gives it back first."""
    with pytest.raises(errors.NotAllowed) as found:
        story.town.claim(name, story.town.task(story.number, element))
    return str(found.value)


def decided(town: city.City, subject: str = "party_1") -> tuple[Story, str]:
    """A case whose decision is drafted, and who drafted it."""
    story = begun(town, subject)
    story.is_investigated("4.1", excel_motive="yes", new_approach="yes", external_cause="yes", goal_unmet="yes")
    story.does("draft_simple_decision", proposal="EXEMPT")
    story.does("record_meeting", **answers.meeting({"s1": "EXEMPT"}, story.committee()))
    return story, story.does("draft_decision")


def test_a_clerk_who_is_chief_as_well_does_not_approve_the_own_triage(town: city.City) -> None:
    story = Story(town, town.open("applicant_1", "intake", **answers.application("4.1")))
    clerk = story.does("review_acceptance")
    story.does("propose_route", clerk, **answers.route())
    grant(town, clerk, "chief")

    assert "职责" in refused(story, clerk, "approve_route")


@pytest.mark.parametrize("role", ["committee_secretary", "signer"])
def test_an_investigator_neither_records_the_meeting_nor_signs(town: city.City, role: str) -> None:
    grant(town, "investigator_1", role)
    if role == "signer":
        story, _drafter = decided(town)
        story.does("check_draft")
    else:
        story = begun(town)
        story.is_investigated("4.1", excel_motive="yes", new_approach="yes", external_cause="yes", goal_unmet="yes")
        story.does("draft_simple_decision", proposal="EXEMPT")

    assert "职责" in refused(story, "investigator_1", "sign_decision" if role == "signer" else "record_meeting")


def test_the_drafter_who_is_a_signer_as_well_does_not_sign(town: city.City) -> None:
    story, drafter = decided(town)
    grant(town, drafter, "signer")
    grant(town, drafter, "chief")

    assert refused(story, drafter, "check_draft")
    story.does("check_draft")
    assert "拟制" in refused(story, drafter, "sign_decision")


def test_a_subject_who_is_a_clerk_handles_nothing_of_the_own_case(town: city.City) -> None:
    one = {"kind": "person", "name": "丁", "org": "甲局", "org_type": "party_government", "account": "clerk_2"}
    story = Story(town, town.open("applicant_1", "intake", **answers.application("4.1", subjects=[one])))

    assert "当事人" in refused(story, "clerk_2", "review_acceptance")


def test_who_has_to_correct_does_not_accept_the_correction(town: city.City) -> None:
    story, _drafter = decided(town, subject="party_1")
    story.does("check_draft")
    story.does("sign_decision")
    story.does("draft_correction_notice")
    story.does("sign_correction_notice")
    story.does("supervise_correction")
    story.does("plan_correction", "party_1")
    story.does("report_correction", "party_1")
    role = story.rows("accept_correction")[0].role
    grant(town, "party_1", role)

    assert refused(story, "party_1", "accept_correction")


def test_a_witness_no_longer_handles_the_case(town: city.City) -> None:
    story = begun(town)
    story.does("plan_investigation", team=["investigator_1", "investigator_2"])
    story.does("record_evidence", witnesses=["clerk_2", "外单位证人"])
    story.does("report_investigation", **answers.report("4.1", excel_motive="yes", new_approach="yes", external_cause="yes", goal_unmet="yes"))  # fmt: skip

    assert "证人" in refused(story, "clerk_2", "draft_simple_decision")


def test_a_recused_clerk_is_out_at_once_and_the_record_keeps_what_they_did(town: city.City) -> None:
    story = Story(town, town.open("applicant_1", "intake", **answers.application("4.1")))
    story.does("review_acceptance", "clerk_1")
    town.claim("clerk_1", town.task(story.number, "propose_route"))
    town.send("applicant_1", story.number, "recusal_requested", person="clerk_1", ground="近亲属")
    story.does("decide_recusal", granted=True, reason="情况属实")

    with pytest.raises(errors.ServiceError):
        town.submit("clerk_1", town.task(story.number, "propose_route"), **answers.route())
    entries = [one for one in town.journal(story.number) if one.actor == "clerk_1"]
    assert [one.kind for one in entries if one.kind in ("submitted", "claimed")] == ["claimed", "submitted", "claimed"]
    story.does("propose_route", "clerk_2", **answers.route())


@pytest.mark.parametrize("taken_back", [True, False])
def test_an_application_that_comes_back_is_mended_by_who_made_it(town: city.City, taken_back: bool) -> None:  # noqa: FBT001  two rows of a table
    story = Story(town, town.open("applicant_1", "intake", **answers.application("4.1")))
    review = town.task(story.number, "review_acceptance")
    if not taken_back:
        town.claim("clerk_1", review)
    with town.work() as session:
        if taken_back:
            made = f"{story.number}.r1.submit_application.1"
            tasks.withdraw(session, town.actor("applicant_1"), town.time, made)
        else:
            tasks.send_back(session, town.actor("clerk_1"), town.time, review, "submit_application", "请补写经过")

    with pytest.raises(errors.NotAllowed):
        town.claim("applicant_2", town.task(story.number, "submit_application"))
    with pytest.raises(errors.NotFound), town.look() as session:
        pages.case_file(session, town.actor("applicant_2"), town.time, story.number)
    story.does("submit_application", "applicant_1", **answers.application("4.1"))
    assert story.elements() == ["review_acceptance"]


def test_a_substitute_is_bound_by_their_own_duties_and_told_which_before_they_claim(town: city.City) -> None:
    story = Story(town, town.open("applicant_1", "intake", **answers.application("4.1")))
    story.does("review_acceptance")
    clerk = story.does("propose_route", **answers.route(simple=True))
    with database.transaction(town.db) as session:
        day = timedelta(days=1)
        away = people.Substitution(
            absent="chief_1", substitute=clerk, starts_at=town.time - day, ends_at=town.time + day, created_at=town.time
        )
        session.add(away)

    with town.look() as session:
        task = next(one for one in story.rows("approve_route"))
        seen = pages.task_page(session, town.actor(clerk), town.time, task.id)

    assert "claim" not in seen.may
    assert seen.blocked != "此任务由其他岗位办理，不属于您的职责范围"
    with pytest.raises(errors.NotAllowed, match=seen.blocked):
        town.do(clerk, task.id, **answers.route(simple=True))


def test_a_substitute_takes_over_what_the_absent_person_holds(town: city.City) -> None:
    story = Story(town, town.open("applicant_1", "intake", **answers.application("4.1")))
    task, day = town.task(story.number, "review_acceptance"), timedelta(days=1)
    town.claim("clerk_1", task)
    with pytest.raises(errors.Conflict):
        town.claim("clerk_2", task)
    with database.transaction(town.db) as session:
        away = people.Substitution(
            absent="clerk_1",
            substitute="clerk_2",
            starts_at=town.time - day,
            ends_at=town.time + day,
            created_at=town.time,
        )
        session.add(away)

    with town.look() as session:
        assert "claim" in pages.task_page(session, town.actor("clerk_2"), town.time, task).may
        assert "claim" not in pages.task_page(session, town.actor("clerk_3"), town.time, task).may
    town.do("clerk_2", task, **answers.ORDINARY["review_acceptance"])

    done = [one for one in town.journal(story.number) if one.actor == "clerk_2"]
    assert [(one.kind, one.on_behalf_of) for one in done] == [("claimed", "clerk_1"), ("submitted", "clerk_1")]


def test_nobody_remarks_on_a_case_that_is_archived(town: city.City) -> None:
    story = Story(town, town.open("applicant_1", "intake", **answers.application("4.1")))
    story.does("review_acceptance", decision="reject", reason="不属于适用范围", in_scope=False)
    story.does("review_archive")

    with pytest.raises(errors.Conflict), town.work() as session:
        pages.comment(session, town.actor("clerk_1"), town.time, story.number, "归档后才想起")

    assert story.status() == "archived"
    assert "commented" not in {one.kind for one in town.journal(story.number)}


@pytest.mark.parametrize(("role", "element"), [("committee_secretary", "record_meeting"), ("signer", "sign_decision")])
def test_who_is_of_the_team_decides_nothing_even_if_others_did_its_work(
    town: city.City, role: str, element: str
) -> None:
    grant(town, "investigator_2", role)
    story = begun(town)
    story.does("plan_investigation", "investigator_1", team=["investigator_1", "investigator_2"])
    story.does("record_evidence", "investigator_1")
    story.does("report_investigation", "investigator_1", **answers.report("4.1"))
    story.does("draft_simple_decision")
    if element == "sign_decision":
        story.does("record_meeting", **answers.meeting({"s1": "EXEMPT"}, story.committee()))
        story.does("draft_decision")
        story.does("check_draft")

    assert "相斥" in refused(story, "investigator_2", element)
