"""A party may explain itself from the start of the procedure until the signing, on every path, any number of times (article 16)."""

import pytest

from tests import city
from tests.processes import answers
from tests.processes.story import Story, at, form_and_evaluate, forms_panel, panel_meets
from workflow_service import errors
from workflow_service.cases import messages
from workflow_service.storage import tables

SUBJECT = {"kind": "person", "name": "丁", "org": "甲局", "org_type": "party_government", "account": "party_1"}
WRITTEN = {"party": "s1", "mode": "written", "content": "当时的情况说明如下。"}
PATHS = {"simple": {"simple": True, "consensus": True}, "standard": {}, "panel": {"complex_": True}}


def begun(town: city.City, path: str = "simple") -> Story:
    """A case of one person whose path is approved."""
    story = Story(town, town.open("applicant_1", "intake", **answers.application("4.1", subjects=[SUBJECT])))
    story.is_accepted(**PATHS[path])
    return story


def investigated(town: city.City, path: str, *statements: str) -> Story:
    story = begun(town, path)
    story.is_investigated("4.1", statements=statements, excel_motive="yes", new_approach="yes", external_cause="yes", goal_unmet="yes")  # fmt: skip
    return story


def resolved(story: Story, path: str) -> None:
    """The committee resolves to exempt, on one of the three paths."""
    exempt = {"s1": "EXEMPT"}
    if path == "simple":
        story.does("draft_simple_decision", proposal="EXEMPT")
    elif path == "standard":
        rows = [{"subject_id": "s1", "outcome": "EXEMPT", "grounds": "符合规定情形"}]
        story.does("draft_opinion", outcomes=rows, opinion="建议免于问责")
        story.does("consult_personnel")
        story.does("consult_discipline")
    else:
        form_and_evaluate(story)
        panel_meets(story, exempt)
    story.does("record_meeting", **answers.meeting(exempt, story.committee()))


def answered(story: Story, effect: str = "none") -> None:
    story.does("register_appeal")
    story.does("answer_appeal", effect=effect)


def test_a_statement_before_the_procedure_starts_is_refused(town: city.City) -> None:
    story = Story(town, town.open("applicant_1", "intake", **answers.application("4.1", subjects=[SUBJECT])))

    with pytest.raises(errors.Conflict):
        town.send("party_1", story.number, "statement_received", **WRITTEN)


def test_a_statement_is_taken_as_soon_as_the_application_is_accepted(town: city.City) -> None:
    story = Story(town, town.open("applicant_1", "intake", **answers.application("4.1", subjects=[SUBJECT])))
    story.does("review_acceptance")

    assert town.send("party_1", story.number, "statement_received", **WRITTEN) == "S1"
    assert "register_appeal" in story.elements()


@pytest.mark.parametrize("path", PATHS)
def test_on_every_path_a_statement_is_taken_until_the_signing_and_holds_it_up_until_answered(
    town: city.City, path: str
) -> None:
    story = investigated(town, path)
    resolved(story, path)
    story.does("draft_decision")
    story.does("check_draft")
    town.send("party_1", story.number, "statement_received", **WRITTEN)

    with pytest.raises(errors.Invalid):
        story.does("sign_decision", decision_date="2026-01-05")
    answered(story)
    story.does("sign_decision", decision_date="2026-01-05")

    assert town.outcomes(story.number) == {"s1": "EXEMPT"}
    story.holds()


def test_none_of_twenty_statements_in_a_burst_is_lost(town: city.City) -> None:
    story = begun(town)
    sender = town.actor("party_1")
    with town.work() as session:
        for n in range(20):
            messages.receive(
                session, sender, town.time, story.number, "statement_received", {**WRITTEN, "content": f"第{n}份说明。"}
            )
    town.settle()

    tasks = story.rows("register_appeal")
    assert len({task.run for task in tasks}) == 20
    for task in tasks[:2]:
        town.do(town.somebody(task.id), task.id)
    assert set(kept(story)) == {f"第{n}份说明。" for n in range(20)}
    story.holds()


@pytest.mark.parametrize("by", ["a submission", "one more statement"])
def test_statements_that_wait_are_each_handed_over_by_whoever_moves_the_case_next(town: city.City, by: str) -> None:
    story = begun(town)
    for n in range(3):
        with town.work() as session:
            said = {**WRITTEN, "content": f"第{n}份说明。"}
            messages.receive(session, town.actor("party_1"), town.time, story.number, "statement_received", said)

    if by == "a submission":
        story.does("plan_investigation", team=["investigator_1", "investigator_2"])
    else:
        town.send("party_1", story.number, "statement_received", **WRITTEN)

    with town.look() as session:
        rows = session.query(tables.Message).order_by(tables.Message.id).all()
        assert [row.status for row in rows] == ["fed"] * len(rows)
    assert story.elements().count("register_appeal") == len(rows)
    story.holds()


def unnamed(town: city.City, **account: str) -> Story:
    """A case of somebody whom the applicant named, perhaps with an account."""
    subject = {"kind": "person", "name": "丁", "org": "甲局", **account}
    story = Story(town, town.open("applicant_1", "intake", **answers.application("4.1", subjects=[subject])))
    story.is_accepted(**PATHS["simple"])
    return story


def test_a_party_is_heard_although_the_application_names_no_account(town: city.City) -> None:
    story = unnamed(town)

    town.send("party_2", story.number, "statement_received", **WRITTEN)

    assert "register_appeal" in story.elements()
    with pytest.raises(errors.NotFound):
        town.send("party_2", story.number, "withdrawal_requested", reason="不办了")
    with pytest.raises(errors.NotFound):
        town.send("party_east_1", story.number, "statement_received", **WRITTEN)


def test_a_stranger_is_not_heard_in_the_case_of_a_known_account(town: city.City) -> None:
    story = unnamed(town, account="party_1")

    with pytest.raises(errors.NotFound):
        town.send("party_2", story.number, "statement_received", **WRITTEN)


def test_nobody_speaks_for_another_party_who_can_speak(town: city.City) -> None:
    subjects = [{"kind": "person", "name": name, "org": "甲局", "account": name} for name in ("party_1", "party_2")]
    story = Story(town, town.open("applicant_1", "intake", **answers.application("4.1", subjects=subjects)))
    story.is_accepted(**PATHS["simple"])

    with pytest.raises(errors.Invalid) as refused:
        town.send("party_2", story.number, "statement_received", **{**WRITTEN, "party": "s1"})
    assert [one.field for one in refused.value.errors] == ["party"]
    town.send("party_2", story.number, "statement_received", **{**WRITTEN, "party": "s2"})
    town.send("applicant_1", story.number, "statement_received", **{**WRITTEN, "party": "s1"})
    assert story.elements().count("register_appeal") == 2


def kept(story: Story) -> list[str]:
    """What the statements in the inbox say."""
    with story.town.look() as session:
        return [one.data["content"] for one in session.query(tables.Message).order_by(tables.Message.id)]


def test_a_statement_is_kept_before_the_engine_sees_it(town: city.City) -> None:
    story = begun(town)
    with town.work() as session:
        messages.receive(session, town.actor("party_1"), town.time, story.number, "statement_received", WRITTEN)

    assert "register_appeal" not in story.elements()
    assert len(kept(story)) == 1

    town.settle()
    assert "register_appeal" in story.elements()


def test_the_report_must_consider_every_statement_received(town: city.City) -> None:
    story = begun(town)
    first = town.send("party_1", story.number, "statement_received", **WRITTEN)
    answered(story)
    story.does("plan_investigation", team=["investigator_1", "investigator_2"])
    story.does("record_evidence")

    with pytest.raises(errors.Invalid):
        story.does("report_investigation", statements_considered=[], **answers.report("4.1"))
    story.does("report_investigation", statements_considered=[first], **answers.report("4.1"))

    assert "draft_simple_decision" in story.elements()


def test_an_oral_statement_needs_who_took_it_down_and_that_it_was_read_back(town: city.City) -> None:
    story = begun(town)

    town.send("clerk_1", story.number, "statement_received", party="s1", mode="oral", content="口头说明。")

    with pytest.raises(errors.Invalid) as refused:
        story.does("register_appeal")

    assert {one.field for one in refused.value.errors} >= {"note_taker", "read_back_confirmed", "party_signature"}


def test_a_party_may_refuse_to_sign_the_record_of_what_they_said(town: city.City) -> None:
    story = begun(town)
    oral = {
        "party": "s1",
        "mode": "oral",
        "content": "口头说明。",
        "note_taker": "clerk_1",
        "read_back_confirmed": True,
    }
    town.send("clerk_1", story.number, "statement_received", **oral, party_signature="refused")

    answered(story)

    assert len(town.shared(story.number)["statements"]) == 1


def test_an_accepted_statement_can_send_the_case_back_to_the_investigation(town: city.City) -> None:
    story = investigated(town, "standard")
    town.send("party_1", story.number, "statement_received", **WRITTEN)

    answered(story, effect="reinvestigate")

    assert "plan_investigation" in story.elements()
    assert "draft_opinion" not in story.elements()
    story.holds()


def test_an_accepted_statement_can_change_the_path(town: city.City) -> None:
    story = investigated(town, "simple")
    town.send("party_1", story.number, "statement_received", **WRITTEN)
    answered(story, effect="reroute")

    story.does("propose_route", **answers.route(complex_=True))
    story.does("approve_route", **answers.route(complex_=True))

    assert "form_panel" in story.elements()
    assert "draft_simple_decision" not in story.elements()
    story.holds()


def test_a_case_with_a_panel_is_not_led_to_an_easier_path(town: city.City) -> None:
    story = investigated(town, "panel")
    forms_panel(story)
    town.send("party_1", story.number, "statement_received", **WRITTEN)
    answered(story, effect="reroute")

    with pytest.raises(errors.Invalid) as refused:
        story.does("propose_route", **answers.route(simple=True, consensus=True))
    assert [one.field for one in refused.value.errors] == ["complex"]

    story.does("propose_route", **answers.route(complex_=True))
    with pytest.raises(errors.Invalid):
        story.does("approve_route", **answers.route())
    story.does("approve_route", **answers.route(complex_=True))
    assert town.shared(story.number)["path"] == "panel"
    story.holds()


def test_a_statement_after_a_second_look_reaches_a_panel_that_votes_anew(town: city.City) -> None:
    story = investigated(town, "panel")
    forms_panel(story)
    town.send("party_1", story.number, "statement_received", **WRITTEN)
    answered(story, effect="reinvestigate")

    story.is_investigated("4.1", statements=("S1",))

    assert "form_panel" in story.elements() or story.elements().count("evaluate") == 7
    story.holds()


def decided(town: city.City) -> Story:
    story = investigated(town, "simple")
    resolved(story, "simple")
    story.is_decided(at(2026, 1, 20))
    return story


def test_what_is_said_after_the_signing_is_a_late_submission_with_a_reply(town: city.City) -> None:
    story = decided(town)
    town.send("party_1", story.number, "statement_received", **WRITTEN)
    story.does("register_appeal")
    assert "answer_appeal" not in story.elements()
    assert story.due("reply_late_appeal") == "2026-02-03"  # ten working days

    story.does("reply_late_appeal", reply="已收悉，决定不变", reopen=False)

    assert town.outcomes(story.number) == {"s1": "EXEMPT"}
    assert "draft_correction_notice" in story.elements()  # the duty to correct does not wait for it
    story.holds()


def test_an_archive_waits_for_what_is_said_meanwhile_and_is_packed_anew_with_it(town: city.City) -> None:
    story = investigated(town, "standard")
    rows = [{"subject_id": "s1", "outcome": "NOT_TOLERATED", "grounds": "不符合规定情形"}]
    story.does("draft_opinion", outcomes=rows, opinion="不予容错")
    story.does("consult_personnel")
    story.does("consult_discipline")
    story.does("record_meeting", **answers.meeting({"s1": "NOT_TOLERATED"}, story.committee()))
    story.is_decided(at(2026, 1, 20))
    votes = [{"user": name, "vote": "for"} for name in story.committee()]
    story.does(
        "determine_accountability",
        members_due=5,
        attendees=story.committee(),
        votes=votes,
        determined=False,
        grounds="不移送",
    )
    assert story.elements() == ["review_archive"]
    town.send("party_1", story.number, "statement_received", **WRITTEN)

    with pytest.raises(errors.Invalid):
        story.does("review_archive")
    story.does("register_appeal")
    story.does("reply_late_appeal", reply="已收悉，决定不变", reopen=False)
    story.does("review_archive")

    assert story.elements() == ["review_archive"]  # the package of before lacked the statement
    assert story.returned("check_completeness")["missing"] == []
    story.does("review_archive")
    assert (story.status(), story.elements()) == ("archived", [])
    story.holds()


def test_reopening_a_decided_case_makes_a_case_that_is_linked_to_it(town: city.City) -> None:
    story = decided(town)
    town.send("party_1", story.number, "reopening_requested", ground="发现新的证据")

    story.does("decide_reopening", granted=True, reason="新证据可能改变结论")

    with town.look() as session:
        [successor] = session.query(tables.Case).filter(tables.Case.number != story.number).all()
    again = Story(town, successor.number)
    assert successor.related == [story.number]
    assert town.case(story.number).related == [successor.number]
    again.does("review_acceptance")
    assert town.shared(again.number)["related"] == [story.number]
    assert again.elements() == ["propose_route"]
    again.holds()
    assert town.outcomes(story.number) == {"s1": "EXEMPT"}
    story.holds()


@pytest.mark.parametrize("registered", [False, True])
def test_a_withdrawn_case_closes_its_open_statements_and_tells_the_party(town: city.City, registered: bool) -> None:  # noqa: FBT001  two rows of a table
    story = begun(town)
    town.send("party_1", story.number, "statement_received", party="s1", mode="written", content="另有说明")
    if registered:
        story.does("register_appeal", party="s1", mode="written", content="另有说明")
    town.send("applicant_1", story.number, "withdrawal_requested", reason="不再申请")
    story.does("decide_withdrawal", granted=True, reason="同意")

    assert story.elements() == ["review_archive"]
    with town.look() as session:
        told = [one.title for one in session.query(tables.Notice).filter_by(account="party_1")]
    assert any("陈述申辩随案终结" in one for one in told)
    story.does("review_archive")
    assert story.status() == "archived"
    story.holds()


def test_each_request_that_is_granted_opens_a_case_of_its_own(town: city.City) -> None:
    story = decided(town)
    for _ in range(2):
        town.send("party_1", story.number, "reopening_requested", ground="发现新的证据")

    for _ in range(2):
        story.does("decide_reopening", granted=True, reason="新证据可能改变结论")

    assert len(set(town.case(story.number).related)) == 2
    story.holds()
