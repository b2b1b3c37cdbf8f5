"""Correction is ordered with the decision itself, counted in working days, judged on sending, and urged by the superior (article 17)."""

import re
from datetime import timedelta
from typing import Any

import pytest

from tests import city
from tests.processes import answers
from tests.processes.story import Story, at, text_of
from workflow_service import errors
from workflow_service.cases import inbox, pages, why
from workflow_service.storage import tables

FACTS: dict[str, Any] = {"excel_motive": "yes", "new_approach": "yes", "external_cause": "yes", "goal_unmet": "yes"}
SUBJECT = {"kind": "person", "name": "丁", "org": "甲局", "org_type": "party_government", "account": "party_1"}


@pytest.fixture
def story(town: city.City) -> Story:
    """A simple case, exempted on Friday 18 September 2026; its correction is ordered."""
    town.time = at(2026, 9, 1)
    story = Story(town, town.open("applicant_1", "intake", **answers.application("4.1", subjects=[SUBJECT])))
    story.is_accepted(simple=True, consensus=True)
    story.is_investigated("4.1", **FACTS)
    story.does("draft_simple_decision", proposal="EXEMPT")
    story.does("record_meeting", **answers.meeting({"s1": "EXEMPT"}, story.committee()))
    story.is_decided(at(2026, 9, 18))
    return story


def test_an_authority_that_opened_the_case_does_not_stand_for_a_subject_without_account(town: city.City) -> None:
    town.time = at(2026, 9, 1)
    given = answers.application("4.1", subjects=[{**SUBJECT, "account": None}], applicant_kind="organ")
    story = Story(town, town.open("discipline_1", "intake", **given))
    story.is_accepted(simple=True, consensus=True)
    story.is_investigated("4.1", **FACTS)
    story.does("draft_simple_decision", proposal="EXEMPT")
    story.does("record_meeting", **answers.meeting({"s1": "EXEMPT"}, story.committee()))
    story.is_decided(at(2026, 9, 18))

    story.does("draft_correction_notice")
    story.does("sign_correction_notice")

    assert notices_of(story, "discipline_1", "纠错通知书") == []


def notices_of(story: Story, name: str, title: str) -> list[str]:
    """What notices of a title say that somebody got."""
    with story.town.look() as session:
        return [one.text for one in session.query(tables.Notice).filter_by(account=name, title=title)]


def notified(story: Story) -> None:
    """The notice is drafted, signed and sent; the object has planned its correction."""
    story.does("draft_correction_notice")
    story.does("sign_correction_notice")
    story.does("plan_correction", "party_1")


def test_the_order_to_correct_stands_in_the_very_entry_of_the_signing(story: Story) -> None:
    signing = next(
        one for one in story.town.journal(story.number) if one.kind == "submitted" and '"sign_decision"' in one.body
    )

    assert {row.opened_seq for row in story.rows("draft_correction_notice")} == {signing.seq}


def test_the_five_days_count_a_working_sunday_and_leave_out_a_holiday_friday(story: Story) -> None:
    assert story.due("draft_correction_notice") == "2026-09-24"


def test_a_notice_lacking_reason_requirements_or_date_cannot_be_issued(story: Story) -> None:
    for missing in ("reason", "requirements", "rectify_by"):
        notice: dict[str, Any] = {**answers.NOTICE, missing: None}
        with pytest.raises(errors.Invalid) as refused:
            story.does("draft_correction_notice", **notice)
        assert missing in {one.field for one in refused.value.errors}


def test_a_signed_notice_that_leaves_late_is_late_because_sending_counts(story: Story) -> None:
    story.does("draft_correction_notice")
    story.town.time = at(2026, 9, 28)

    story.does("sign_correction_notice")

    assert story.town.shared(story.number)["notices"][0]["in_time"] is False


def test_a_missed_limit_is_recorded_and_escalated_while_the_task_stays_open(story: Story) -> None:
    story.town.time = at(2026, 9, 24, 23)
    story.town.settle()
    assert story.town.shared(story.number)["breaches"] == []

    story.town.wait(hours=2)

    assert [one["object"] for one in story.town.shared(story.number)["breaches"]] == ["s1"]
    assert "draft_correction_notice" in story.elements()
    assert "T22_urging" in {one.template for one in story.town.documents(story.number)}
    story.holds()


def paper(story: Story, template: str, subject: str | None = None) -> tuple[str, str]:
    """The number of an issued paper and all its text."""
    found = [one for one in story.town.documents(story.number) if one.template == template]
    one = next(one for one in found if subject in (None, one.subject_id))
    with story.town.look() as session:
        kept = session.get_one(tables.Attachment, one.attachment_id)
        return str(one.number), "".join(re.findall(r"<w:t[^>]*>([^<]*)", text_of(kept.content)))


def test_the_urging_slip_is_of_the_day_after_the_limit(story: Story) -> None:
    story.town.time = at(2026, 9, 24, 23)
    story.town.wait(hours=2)

    _number, text = paper(story, "T22_urging")

    assert "你（单位）承办的“对丁的纠错通知书”应于2026年9月24日前办结，现已逾期。" in text
    assert "逾期1天" in text and "2026年9月25日" in text


def test_each_notice_names_the_decision_on_its_own_object(town: city.City) -> None:
    both = [SUBJECT, {"kind": "leading_body", "name": "甲局领导班子", "org": "甲局", "org_type": "party_government"}]
    town.time = at(2026, 9, 1)
    story = Story(town, town.open("applicant_1", "intake", **answers.application("4.1", subjects=both)))
    story.is_accepted(simple=True, consensus=True)
    story.is_investigated("4.1", **FACTS)
    story.does("draft_simple_decision", proposal="EXEMPT")
    story.does("record_meeting", **answers.meeting({"s1": "EXEMPT", "s2": "EXEMPT"}, story.committee()))
    story.is_decided(at(2026, 9, 18))
    for _ in both:
        story.does("draft_correction_notice")
        story.does("sign_correction_notice")

    decisions = {subject: paper(story, "T14_decision", subject)[0] for subject in ("s1", "s2")}

    assert len(set(decisions.values())) == 2
    for subject, number in decisions.items():
        assert f"认定决定（{number}）" in paper(story, "T16_correction_notice", subject)[1]


def test_the_accepting_organ_sends_the_notice_and_the_superior_urges(story: Story) -> None:
    roles = {row.element: row.role for element in ("draft_correction_notice", "supervise_correction") for row in story.rows(element)}  # fmt: skip

    assert roles == {"draft_correction_notice": "clerk", "supervise_correction": "supervisor"}


def test_the_superior_may_urge_by_other_measures_than_reminder_and_inquiry(story: Story) -> None:
    story.does("supervise_correction", kind="other", text="约谈主要负责人")

    assert story.town.shared(story.number)["urgings"][0]["kind"] == "other"
    assert "supervise_correction" in story.elements()
    with story.town.look() as session:
        told = session.query(tables.Notice).filter_by(account="party_1", title="上级机关督促整改").one()
    assert told.text == "约谈主要负责人"


@pytest.mark.parametrize("kind", ["remind", "other"])
def test_whatever_the_superior_wants_a_reply_to_by_some_day_is_replied_to(story: Story, kind: str) -> None:
    story.does("supervise_correction", kind=kind, text="请报告进展", reply_by="2026-09-28")

    assert story.due("reply_inquiry") == "2026-09-28"
    story.does("reply_inquiry", "party_1")
    assert "reply_inquiry" not in story.elements()


def test_the_superior_urges_on_while_a_reply_is_not_there(story: Story) -> None:
    story.does("supervise_correction", kind="remind", text="请报告进展", reply_by="2026-09-28")
    story.does("supervise_correction", kind="inquire", text="请说明为何不答复", reply_by="2026-09-29")

    asked = [one for one in story.town.open_tasks(story.number) if ".reply_inquiry." in one]
    with story.town.look() as session:
        seen = [pages.task_page(session, story.town.actor("party_1"), story.town.time, one) for one in asked]
    assert sorted(one.known["asked"]["text"] for one in seen) == ["请报告进展", "请说明为何不答复"]
    for one in asked:
        story.town.do("party_1", one, **answers.ORDINARY["reply_inquiry"])
    assert "reply_inquiry" not in story.elements()
    assert "supervise_correction" in story.elements()


def test_nobody_is_asked_for_a_reply_to_a_reminder_once_the_correction_was_accepted(story: Story) -> None:
    notified(story)
    story.does("report_correction", "party_1")
    story.does("accept_correction", result="pass")
    story.does("supervise_correction", kind="remind", text="请巩固整改成果", reply_by="2026-12-28")

    assert not {"reply_inquiry", "supervise_correction"} & set(story.elements())


def test_a_reminder_without_a_day_wants_no_reply(story: Story) -> None:
    story.does("supervise_correction", kind="remind", text="请抓紧整改")

    assert "reply_inquiry" not in story.elements()


def test_correction_can_be_ordered_again_twice_and_a_third_failure_is_a_refusal(story: Story) -> None:
    story.does("supervise_correction")
    notified(story)
    for _ in range(2):
        story.does("report_correction", "party_1")
        story.does("accept_correction", result="redo", rectify_by="2026-12-20", reason="措施未落实")
    story.does("report_correction", "party_1")
    story.does("accept_correction", result="redo", rectify_by="2026-12-25", reason="仍未落实")

    assert "report_correction" not in story.elements()
    assert "determine_accountability" in story.elements()
    with story.town.look() as session:
        task = story.town.task(story.number, "determine_accountability")
        seen = pages.task_page(session, story.town.actor("committee_secretary_1"), story.town.time, task)
    assert "拒不整改" in str(seen.known["reason"])
    story.holds()


def test_who_corrects_does_not_accept_the_correction(story: Story) -> None:
    notified(story)
    story.does("report_correction", "party_1")

    with pytest.raises(errors.NotAllowed):
        story.town.claim("party_1", story.town.task(story.number, "accept_correction"))


def test_a_repaired_damage_does_not_spare_the_notice(town: city.City) -> None:
    subject = {**SUBJECT}
    story = Story(town, town.open("applicant_1", "intake", **answers.application("6.3", subjects=[subject], remedy_taken="资金已全部追回")))  # fmt: skip
    story.is_accepted(simple=True, consensus=True)
    story.is_investigated("6.3", fund_rules_followed="yes", recovered_promptly="yes", remedied="yes")
    story.does("draft_simple_decision", proposal="EXEMPT")
    story.does("record_meeting", **answers.meeting({"s1": "EXEMPT"}, story.committee()))
    story.is_decided(at(2026, 3, 20))

    assert story.due("draft_correction_notice") == "2026-03-27"


def test_a_matter_partly_tolerated_is_corrected_for_one_and_determined_for_the_other(town: city.City) -> None:
    subjects = [SUBJECT, {**SUBJECT, "name": "戊", "account": "party_2"}]
    story = Story(town, town.open("applicant_1", "intake", **answers.application("4.1", subjects=subjects)))
    story.is_accepted()
    story.is_investigated("4.1", **FACTS)
    outcomes = {"s1": "LIGHTEN", "s2": "NOT_TOLERATED"}
    rows = [{"subject_id": one, "outcome": outcome, "grounds": "分别认定"} for one, outcome in outcomes.items()]
    story.does("draft_opinion", outcomes=rows, opinion="分别认定")
    story.does("consult_personnel")
    story.does("consult_discipline")
    story.does("record_meeting", **answers.meeting(outcomes, story.committee()))
    story.is_decided(at(2026, 3, 20))

    assert town.outcomes(story.number) == outcomes
    assert story.elements().count("draft_correction_notice") == 1
    assert story.elements().count("determine_accountability") == 1
    assert "record_handover" not in story.elements()  # nothing is handed over before people determined it
    story.holds()


def test_the_days_count_from_the_signing_and_not_from_the_meeting(town: city.City) -> None:
    story = Story(town, town.open("applicant_1", "intake", **answers.application("4.1", subjects=[SUBJECT])))
    story.is_accepted(simple=True, consensus=True)
    story.is_investigated("4.1", **FACTS)
    story.does("draft_simple_decision", proposal="EXEMPT")
    met = answers.meeting({"s1": "EXEMPT"}, story.committee(), meeting_date="2026-03-02")
    town.time = at(2026, 3, 2)
    story.does("record_meeting", **met)
    story.is_decided(at(2026, 3, 2) + timedelta(days=9))

    assert town.shared(story.number)["decision"]["date"] == "2026-03-11"
    assert story.due("draft_correction_notice") == "2026-03-18"


def test_a_notice_names_the_object_whose_correction_was_ordered_and_so_do_lists_and_pages(town: city.City) -> None:
    subjects = [SUBJECT, {**SUBJECT, "name": "戊", "account": "party_2"}]
    story = Story(town, town.open("applicant_1", "intake", **answers.application("4.1", subjects=subjects)))
    story.is_accepted(simple=True, consensus=True)
    story.is_investigated("4.1", **FACTS)
    story.does("draft_simple_decision")
    story.does("record_meeting", **answers.meeting({"s1": "EXEMPT", "s2": "EXEMPT"}, story.committee()))
    story.is_decided(at(2026, 3, 20))

    with town.look() as session:
        listed = inbox.page(session, town.time, inbox.Listing(town.actor("clerk_1"), "all"))
        drafts = [one for one in listed.items if one.task.element == "draft_correction_notice"]
        about = inbox.about(session, drafts)
        views = [pages.task_page(session, town.actor("clerk_1"), town.time, one.task.id) for one in drafts]
    assert sorted(about.values()) == ["丁", "戊"]
    assert [one.about for one in views] == [about[one.task.id] for one in drafts]
    fields = [next(field for field in one.described["fields"] if field["name"] == "object") for one in views]
    assert [[option["label"] for option in one["options"]] for one in fields] == [[one.about] for one in views]

    with pytest.raises(errors.Invalid) as refused:
        story.does("draft_correction_notice", **{**answers.NOTICE, "object": "s2"})
    assert {one.field for one in refused.value.errors} == {"object"}
    story.does("draft_correction_notice", **{**answers.NOTICE, "object": "s1"})


def test_a_date_that_is_waited_for_has_the_name_of_its_timer(story: Story) -> None:
    with story.town.look() as session:
        told = why.why(session, story.town.actor("clerk_1"), story.town.time, story.number)

    assert {dict(one.params)["name"] for one in told if one.kind == "timer"} == {"距期满两日", "五个工作日届满"}


def test_a_timer_has_the_name_that_its_own_process_gives_it(story: Story) -> None:
    notified(story)

    with story.town.look() as session:
        told = why.why(session, story.town.actor("clerk_1"), story.town.time, story.number)

    assert {dict(one.params)["name"] for one in told if one.kind == "timer"} == {"逾期未报"}


def test_a_date_set_for_who_corrects_lies_ahead(story: Story) -> None:
    with pytest.raises(errors.Invalid) as asked:
        story.does("supervise_correction", kind="inquire", text="请说明进展", reply_by="2026-09-18")
    notified(story)
    story.does("report_correction", "party_1")
    with pytest.raises(errors.Invalid) as ordered:
        story.does("accept_correction", result="redo", rectify_by="2026-09-18", reason="措施未落实")

    assert {one.field for one in asked.value.errors} == {"reply_by"}
    assert {one.field for one in ordered.value.errors} == {"rectify_by"}


def test_who_corrects_is_told_of_reminder_inquiry_and_acceptance(story: Story) -> None:
    story.does("supervise_correction", kind="remind", text="请抓紧整改")
    story.does("supervise_correction", kind="inquire", text="请说明进展")
    notified(story)
    story.does("report_correction", "party_1")
    story.does("accept_correction", result="redo", rectify_by="2026-12-20", reason="措施未落实")
    story.town.settle()

    with story.town.look() as session:
        titles = {one.title for one in session.query(tables.Notice).filter_by(account="party_1")}
    assert {"提醒函", "函询通知书", "关于再次整改的通知"} <= titles
