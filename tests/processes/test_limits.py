"""Limits: halved when urgent, stopped when suspended (but never the one of article 17), provisional until a year is known."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest

from tests import city
from tests.processes import answers
from tests.processes.story import Story, at
from tests.processes.test_correction import paper
from workflow_service import errors, workdays, worker
from workflow_service.audit import replay
from workflow_service.cases import calendars, deadlines, queries
from workflow_service.storage import database, journal, tables
from workflow_service.web import case_pages

FACTS: dict[str, Any] = {"excel_motive": "yes", "new_approach": "yes", "external_cause": "yes", "goal_unmet": "yes"}
WEEKEND = 5
REMINDER = "中止的案件应考虑恢复办理"


@pytest.fixture
def town(db: database.Database) -> city.City:
    """The city on both databases: limits are found, stopped and computed anew by queries of their own."""
    return city.make(db, at(2026, 1, 5))


def begun(town: city.City, **application: Any) -> Story:
    story = Story(town, town.open("applicant_1", "intake", **answers.application("4.1", **application)))
    story.is_accepted(simple=True, consensus=True)
    return story


def exempted(town: city.City, day: Any) -> Story:
    """A simple case whose decision is signed on a day."""
    story = begun(town)
    story.is_investigated("4.1", **FACTS)
    story.does("draft_simple_decision", proposal="EXEMPT")
    story.does("record_meeting", **answers.meeting({"s1": "EXEMPT"}, story.committee()))
    story.is_decided(day)
    return story


def suspended(story: Story) -> None:
    message = {"reason_code": "judicial_or_audit", "reason": "等待审计结论"}
    story.town.send("clerk_1", story.number, "suspension_requested", **message)
    story.does("decide_suspension", granted=True, reason="同意")


def resumed(story: Story) -> None:
    story.town.send("clerk_1", story.number, "resumption_requested", reason="审计已结束")
    story.does("decide_resumption", granted=True, reason="同意")


def of_2027() -> list[workdays.Row]:
    """A calendar of 2027 with one holiday, beside the years known before."""
    return [
        *workdays.seed(),
        (date(2027, 1, 1), "holiday", "元旦", "公告"),
        (date(2027, 1, 1), "year", "", "公告"),
    ]


def test_an_urgent_case_has_half_the_time_and_the_same_steps(town: city.City) -> None:
    ordinary, urgent = begun(town), begun(town, urgent=True)

    assert urgent.elements() == ordinary.elements()
    assert ordinary.due("plan_investigation") == "2026-01-08"
    assert urgent.due("plan_investigation") == "2026-01-07"


def test_the_five_days_of_article_17_are_not_halved_by_urgency(town: city.City) -> None:
    story = begun(town, urgent=True)
    story.is_investigated("4.1", **FACTS)
    story.does("draft_simple_decision", proposal="EXEMPT")
    story.does("record_meeting", **answers.meeting({"s1": "EXEMPT"}, story.committee()))
    story.is_decided(at(2026, 3, 20))

    assert story.due("draft_correction_notice") == "2026-03-27"


def test_a_suspended_case_waits_and_goes_on_with_the_days_that_were_left(town: city.City) -> None:
    story = begun(town)
    assert story.due("plan_investigation") == "2026-01-08"  # three working days from Monday the 5th
    town.time = at(2026, 1, 6)
    suspended(story)
    assert town.shared(story.number)["status"] == "suspended"
    assert [row.due_at for row in story.rows("plan_investigation")] == [None]
    with town.look() as session:
        decided = session.query(tables.Task).filter_by(element="decide_suspension").one()
    assert decided.due_at == at(2026, 1, 8, 23) + timedelta(minutes=59, seconds=59), "what is done keeps its limit"
    town.time = at(2026, 3, 2)

    resumed(story)

    assert town.shared(story.number)["status"] == "in_progress"
    assert story.due("plan_investigation") == "2026-03-04"  # two days were left
    story.holds()


def test_a_limit_that_was_missed_before_the_suspension_stays_missed(town: city.City) -> None:
    story = begun(town)
    assert story.due("plan_investigation") == "2026-01-08"
    town.time = at(2026, 1, 20)

    suspended(story)

    assert story.due("plan_investigation") == "2026-01-08"
    town.time = at(2026, 2, 2)
    resumed(story)
    assert story.due("plan_investigation") == "2026-01-08"
    story.holds()


def test_a_limit_that_begins_while_the_case_is_suspended_begins_to_run_with_the_resumption(town: city.City) -> None:
    story = begun(town)
    reports(story)
    town.time = at(2026, 2, 25)  # the limit of the investigation is over, its extension is to be decided
    town.settle()
    suspended(story)
    story.does("decide_extension", granted=True, reason="案情复杂")  # until 13 March, thirteen working days from now
    assert [(row.due_at, row.paused_days) for row in story.rows("report_investigation")] == [(None, 13)]

    town.time = at(2026, 3, 25)
    town.settle()
    assert _waits(story) == {"reach_extended_limit": "paused", "resumption_expected": "waiting"}
    resumed(story)

    assert story.due("report_investigation") == "2026-04-14"  # thirteen working days after the resumption
    assert _waits(story) == {"reach_extended_limit": "waiting"}
    story.holds()


def _waits(story: Story) -> dict[str, str]:
    """The dates of a case that have not come, and whether they stand still."""
    with story.town.look() as session:
        case_id = story.town.case(story.number).id
        rows = session.query(tables.Deadline).filter_by(case_id=case_id)
        return {one.element: one.status for one in rows if one.status in ("waiting", "paused")}


def reports(story: Story) -> tuple[str, str]:
    """The day on which the report is due, once evidence is taken, and the day on which the investigation's limit ends."""
    story.does("plan_investigation", team=["investigator_1", "investigator_2"])
    story.does("record_evidence")
    with story.town.look() as session:
        number = story.town.case(story.number).id
        limits = session.query(tables.Deadline).filter_by(case_id=number, status="waiting").all()
        ends = {one.element: one.due_at.astimezone(answers.SHANGHAI).date().isoformat() for one in limits}
    return story.due("report_investigation"), ends.get("reach_limit") or ends["reach_extended_limit"]


def test_the_report_is_due_when_the_limit_of_the_investigation_ends(town: city.City) -> None:
    assert reports(begun(town)) == ("2026-02-14", "2026-02-14")  # a working Saturday
    assert reports(begun(town, urgent=True)) == ("2026-01-26", "2026-01-26")


def test_an_extended_investigation_has_fifteen_days_more_from_the_day_its_limit_ended(town: city.City) -> None:
    story = begun(town)
    town.time = at(2026, 2, 25)  # one working day after 14 February
    town.settle()
    story.does("decide_extension", granted=True, reason="案情复杂")

    assert reports(story) == ("2026-03-13", "2026-03-13")


def test_an_extension_moves_the_date_of_a_report_that_is_already_awaited(town: city.City) -> None:
    story = begun(town)
    assert reports(story)[0] == "2026-02-14"
    town.time = at(2026, 2, 25)
    town.settle()
    story.does("decide_extension", granted=True, reason="案情复杂")

    assert story.due("report_investigation") == "2026-03-13"
    moved = [one for one in town.journal(story.number) if one.kind == "rescheduled"]
    assert [journal.body_of(one)["at"]["element"] for one in moved] == ["report_investigation"]
    story.holds()


def test_an_extension_that_is_refused_moves_nothing(town: city.City) -> None:
    story = begun(town)
    reports(story)
    town.time = at(2026, 2, 25)
    town.settle()
    story.does("decide_extension", granted=False, reason="抓紧办结")

    assert story.due("report_investigation") == "2026-02-14"


def test_the_days_of_a_suspension_do_not_count_for_the_report(town: city.City) -> None:
    story = begun(town)
    town.time = at(2026, 1, 6)
    suspended(story)
    town.time = at(2026, 3, 2)
    resumed(story)

    assert reports(story) == ("2026-04-13", "2026-04-13")  # 29 days were left


def test_the_notices_of_suspension_and_resumption_tell_the_days_that_are_left(town: city.City) -> None:
    story = begun(town)
    town.time = at(2026, 1, 6)
    suspended(story)
    town.settle()
    town.time = at(2026, 3, 2)
    resumed(story)
    town.settle()

    for template in ("T31_suspension", "T31_resumption"):
        assert "尚余29个工作日" in paper(story, template)[1]


def told(story: Story, who: str, title: str) -> list[str]:
    """What somebody was told under a heading."""
    with story.town.look() as session:
        return [one.text for one in session.query(tables.Notice).filter_by(account=who, title=title).order_by("id")]


@pytest.mark.parametrize(("until", "day"), [("2026-03-02", (2026, 3, 2)), (None, (2026, 4, 6))])
def test_on_the_day_of_its_expected_resumption_a_suspended_case_is_called_to_mind_once(
    town: city.City, until: str | None, day: tuple[int, int, int]
) -> None:
    story = begun(town)
    town.time = at(2026, 1, 6)
    town.send("clerk_1", story.number, "suspension_requested", reason_code="judicial_or_audit", reason="等待审计结论")
    story.does("decide_suspension", granted=True, reason="同意", until=until)
    town.settle()
    town.time = at(*day) - timedelta(days=1)
    town.settle()
    assert told(story, "chief_1", REMINDER) == []
    for _ in range(2):
        town.time += timedelta(days=1)
        town.settle()

    for who in ("clerk_1", "chief_1", "applicant_1"):
        assert len(told(story, who, REMINDER)) == 1
    resumed(story)
    assert story.due("plan_investigation")
    story.holds()


def test_a_case_that_goes_on_sooner_is_not_called_to_mind(town: city.City) -> None:
    story = begun(town)
    town.time = at(2026, 1, 6)
    suspended(story)
    resumed(story)
    town.settle()
    town.time = at(2026, 4, 7)
    town.settle()

    assert told(story, "chief_1", REMINDER) == []


def test_who_asked_in_vain_for_the_resumption_is_told_why(town: city.City) -> None:
    story = begun(town)
    suspended(story)
    for reason in ("审计尚未结束", "审计报告尚未送达"):
        town.send("applicant_1", story.number, "resumption_requested", reason="审计已结束")
        story.does("decide_resumption", granted=False, reason=reason)
        town.settle()

    first, second = told(story, "applicant_1", "恢复请求的处理结果")
    assert first.endswith("暂不恢复办理：审计尚未结束") and second.endswith("审计报告尚未送达")
    story.holds()


def test_of_two_requests_one_suspends_the_case_and_one_resumption_ends_that(town: city.City) -> None:
    story = begun(town)
    for sender, code in (("clerk_1", "judicial_or_audit"), ("applicant_1", "force_majeure")):
        town.send(sender, story.number, "suspension_requested", reason_code=code, reason="暂时无法办理")
    for task in story.rows("decide_suspension"):
        town.do(town.somebody(task.id), task.id, granted=True, reason="情况属实")
    town.settle()
    assert len(told(story, "applicant_1", "中止请求的处理结果")) == 1

    town.send("clerk_1", story.number, "resumption_requested", reason="审计已结束")

    assert story.elements().count("decide_resumption") == 1
    story.does("decide_resumption", granted=True)
    assert town.shared(story.number)["status"] == "in_progress"
    with pytest.raises(errors.Conflict):
        town.send("clerk_1", story.number, "resumption_requested", reason="审计已结束")
    story.holds()


def test_a_case_whose_limits_reach_into_a_year_without_calendar_can_be_suspended(town: city.City) -> None:
    town.time = at(2026, 12, 29)
    story = begun(town)
    assert story.due("plan_investigation") == "2027-01-01"  # the 30th, the 31st, and a day of which nothing is known
    suspended(story)
    assert [row.paused_days for row in story.rows("plan_investigation")] == [3]

    resumed(story)

    assert story.due("plan_investigation") == "2027-01-01"


def test_a_case_is_resumed_also_in_a_year_without_calendar(town: city.City) -> None:
    town.time = at(2026, 12, 29)
    story = begun(town)
    suspended(story)
    town.time = at(2027, 1, 11)

    resumed(story)

    assert story.due("plan_investigation") == "2027-01-14"  # three days were left
    assert town.shared(story.number)["status"] == "in_progress"
    assert town.shared(story.number)["investigation_from"] == "2027-01-11"
    publish_2027(town)
    assert story.due("plan_investigation") == "2027-01-14"
    story.holds()


def test_a_suspension_does_not_end_before_it_begins(town: city.City) -> None:
    story = begun(town)
    town.send("clerk_1", story.number, "suspension_requested", reason_code="judicial_or_audit", reason="等待审计结论")

    with pytest.raises(errors.Invalid) as refused:
        story.does("decide_suspension", granted=True, reason="同意", until="2026-01-05")

    assert {one.field for one in refused.value.errors} == {"until"}


def test_a_suspended_case_can_be_withdrawn(town: city.City) -> None:
    story = begun(town)
    suspended(story)
    town.send("applicant_1", story.number, "withdrawal_requested", reason="不再申请")
    story.does("decide_withdrawal", granted=True, reason="同意")

    assert town.shared(story.number)["end"] == "WITHDRAWN"
    assert story.elements() == ["review_archive"]
    story.holds()


def test_the_limit_of_the_correction_notice_cannot_be_suspended(town: city.City) -> None:
    story = exempted(town, at(2026, 3, 20))

    with pytest.raises(errors.Conflict):
        suspended(story)

    assert story.due("draft_correction_notice") == "2026-03-27"
    assert {row.mandatory for row in story.rows("draft_correction_notice")} == {True}


def test_a_decision_at_the_end_of_a_year_gets_a_provisional_date_until_the_next_calendar_is_known(
    town: city.City,
) -> None:
    town.time = at(2026, 12, 1)
    story = exempted(town, at(2026, 12, 28))
    assert story.due("draft_correction_notice") == "2027-01-02"  # every day of an unknown year counted
    assert _breach(story).provisional
    town.time = at(2027, 1, 4)
    town.settle()
    assert town.shared(story.number)["breaches"] == []  # never judged on a provisional date

    publish_2027(town)

    assert story.due("draft_correction_notice") == "2027-01-05"
    assert not _breach(story).provisional
    kept = [one for one in town.journal(story.number) if one.kind in ("due_recomputed", "rescheduled")]
    assert any("2027-01-02" in one.body and "2027-01-05" in one.body for one in kept)  # both dates stay on record
    town.wait(days=2)
    assert [one["object"] for one in town.shared(story.number)["breaches"]] == ["s1"]
    assert town.shared(story.number)["breaches"][0]["due"] == "2027-01-05"
    story.holds()


@pytest.mark.parametrize(("sent", "late"), [(at(2027, 1, 4), False), (at(2027, 1, 7), True)])
def test_a_notice_sent_after_a_provisional_limit_is_judged_when_the_calendar_is_known(
    town: city.City, sent: datetime, late: bool
) -> None:
    town.time = at(2026, 12, 1)
    story = exempted(town, at(2026, 12, 28))
    town.time = sent
    town.settle()
    story.does("draft_correction_notice", rectify_by="2027-03-01")
    story.does("sign_correction_notice")
    assert town.shared(story.number)["notices"][0]["in_time"] is None
    assert _said_of_the_notice(story) == ("2027-01-02", "open", False)

    publish_2027(town)

    assert _said_of_the_notice(story) == ("2027-01-05", "broken" if late else "kept", late)


def _said_of_the_notice(story: Story) -> tuple[str, str, bool]:
    """Its limit and verdict by the record, and whether the case's page calls it late."""
    town = story.town
    with town.look() as session:
        case = queries.found(session, story.number)
        (found,) = [
            one for one in replay.judged(session, town.time, replay.verify(session, case)) if one.rule == "notice"
        ]
        shown = case_pages.notices(case.shared, town.time, calendars.Current(session))["s1"]
    assert shown["due"] == str(found.due)
    return shown["due"], found.conclusion, shown["late"]


def test_computing_anew_twice_changes_nothing_the_second_time(town: city.City) -> None:
    town.time = at(2026, 12, 1)
    story = exempted(town, at(2026, 12, 28))
    publish_2027(town)
    before = len(town.journal(story.number))

    with town.work() as session:
        for case_id in deadlines.with_open_limits(session):
            assert deadlines.recompute(session, town.time, case_id) == 0

    assert len(town.journal(story.number)) == before


def test_the_worker_finishes_a_recomputation_that_was_cut_short(town: city.City) -> None:
    town.time = at(2026, 12, 1)
    story = exempted(town, at(2026, 12, 28))
    with town.work() as session:
        version = calendars.enter(session, city.CONSOLE, town.time, of_2027(), "2027")
        calendars.approve(session, city.SYSTEM, town.time, version)

    worker.sweep(town.worker())

    assert story.due("draft_correction_notice") == "2027-01-05"


def publish_2027(town: city.City) -> None:
    """The calendar of 2027 is entered and approved; the limits are computed anew."""
    with town.work() as session:
        version = calendars.enter(session, city.CONSOLE, town.time, of_2027(), "2027")
        calendars.approve(session, city.SYSTEM, town.time, version)
    worker.sweep(town.worker())


def test_administrators_are_told_of_a_calendar_that_is_missing(town: city.City) -> None:
    def told_on(*day: int) -> int:
        town.time = at(*day)
        for _ in range(2):
            worker.sweep(town.worker())
        with town.work() as session:
            unread = session.query(tables.Notice).filter_by(account="admin_1", read_at=None)
            found = [one.title for one in unread]
            unread.update({"read_at": town.time})
        assert set(found) <= {"尚未录入2027年的工作日历"}
        return len(found)

    days = [(2026, 10, 31), (2026, 11, 2), (2026, 11, 3), (2026, 12, 1), (2026, 12, 2), (2027, 1, 4)]
    assert [told_on(*day) for day in days] == [0, 1, 0, 1, 1, 1]
    publish_2027(town)
    assert told_on(2027, 1, 5) == 0


def _breach(story: Story) -> tables.Deadline:
    with story.town.look() as session:
        return session.query(tables.Deadline).filter_by(element="notice_overdue", status="waiting").one()


def test_a_calendar_is_not_approved_behind_one_that_was_entered_later(town: city.City) -> None:
    with town.work() as session:
        older = calendars.enter(session, city.CONSOLE, town.time, workdays.seed(), "先录入")
    publish_2027(town)

    with town.work() as session, pytest.raises(errors.Conflict, match="重新录入"):
        calendars.approve(session, city.SYSTEM, town.time, older)


def test_the_seeded_calendar_says_which_days_of_2026_are_worked(town: city.City) -> None:
    with town.look() as session:
        calendar = calendars.in_force(session)
    worked = {date(2026, 9, 20), date(2026, 2, 14)}

    assert all(day.weekday() >= WEEKEND and calendar.is_working(day) for day in worked)
    assert not calendar.is_working(date(2026, 9, 25))
    assert calendar.after(date(2026, 9, 18), 5) != date(2026, 9, 18) + timedelta(days=7)
