"""Dates: computed once when a token comes, explained by the calendar, never fired by a clock of their own."""

from datetime import UTC, date, datetime, timedelta

import pytest

from tests.engine.cases import NOON, Case, Weekdays, at
from tests.engine.drawing import Drawing, compiled
from workflow_service import engine
from workflow_service.engine import inputs
from workflow_service.errors import CannotAdvance, Conflict


def _timed(
    timer: str = "end of day(working days after(today(), 5))",
    cancel: bool = False,
    due: str = "working days after(today(), 3)",
) -> Drawing:
    drawing = Drawing("main")
    drawing.start("begin_case")
    drawing.user("plan_work", **({"due": due} if due else {}))
    drawing.boundary("on_late", "plan_work", timer=timer, cancel=cancel)
    drawing.user("remind_them")
    drawing.end("end_case")
    drawing.end("end_late")
    drawing.way("begin_case", "plan_work", "end_case")
    drawing.way("on_late", "remind_them", "end_late")
    return drawing


def _case(**marks: object) -> Case:
    case = Case(compiled(_timed(**marks)), fresh=True)  # type: ignore[arg-type]
    case.start("main")
    return case


def test_a_date_is_the_end_of_that_day_in_shanghai_and_explains_itself() -> None:
    case = _case()

    (task,) = engine.pending(case.program, case.family).tasks

    # Friday 18 September and three working days: Wednesday the 23rd, 23:59:59 in Shanghai.
    assert task.due == datetime(2026, 9, 23, 15, 59, 59, tzinfo=UTC)
    assert task.limit is not None
    assert (task.limit.start, task.limit.days, task.limit.end) == (date(2026, 9, 18), 3, date(2026, 9, 23))
    assert (task.limit.calendar, task.limit.provisional) == ("weekdays", False)


def test_a_timer_is_listed_with_its_date_and_fires_only_when_it_is_reached() -> None:
    case = _case()
    (timer,) = engine.pending(case.program, case.family).timers
    assert (str(timer.at), timer.due) == ("r1.on_late.1", datetime(2026, 9, 25, 15, 59, 59, tzinfo=UTC))

    case.now = timer.due - timedelta(seconds=1)
    with pytest.raises(Conflict):
        case.elapse("r1.on_late.1")
    case.now = timer.due
    case.elapse("r1.on_late.1")

    assert case.open() == ["r1.plan_work.1", "r1.remind_them.1"]


def test_a_timer_fires_once() -> None:
    case = _case()
    case.now = NOON + timedelta(days=30)
    case.elapse("r1.on_late.1")

    with pytest.raises(Conflict):
        case.elapse("r1.on_late.1")


def test_an_interrupting_timer_cancels_its_task() -> None:
    case = _case(cancel=True)
    case.now = NOON + timedelta(days=30)

    done = case.elapse("r1.on_late.1")

    assert case.open() == ["r1.remind_them.1"]
    assert [(str(where), why) for where, why in done.closed] == [("r1.plan_work.1", "cancelled")]


def test_a_timer_goes_with_its_task() -> None:
    case = _case()

    done = case.submit("r1.plan_work.1")

    assert [str(one) for one in done.dropped_timers] == ["r1.on_late.1"]
    assert not case.is_open()


def test_what_the_timer_opened_outlives_the_task() -> None:
    case = _case()
    case.now = NOON + timedelta(days=30)
    case.elapse("r1.on_late.1")

    case.submit("r1.plan_work.1")
    assert case.open() == ["r1.remind_them.1"]
    case.submit("r1.remind_them.1")

    assert not case.is_open()


def test_no_clock_moves_a_timer() -> None:
    case = _case()
    case.now = NOON + timedelta(days=3000)

    case.move(inputs.Repaired("r1", {"x": 1}, "why", "operator"))

    assert case.open() == ["r1.on_late.1", "r1.plan_work.1"]


def test_a_year_without_a_calendar_gives_a_provisional_date() -> None:
    case = _case(due="working days after(today(), 200)")

    (task,) = engine.pending(case.program, case.family).tasks

    assert task.limit is not None
    assert task.limit.provisional
    assert task.limit.end.year == 2027


def test_a_timer_without_a_date_refuses_the_step() -> None:
    with pytest.raises(CannotAdvance) as refused:
        _case(timer="nothing.at.all")

    assert refused.value.element == "on_late"


def test_a_task_without_a_date_has_no_due() -> None:
    case = _case(due="")

    (task,) = engine.pending(case.program, case.family).tasks

    assert (task.due, task.limit) == (None, None)


@pytest.mark.parametrize("address", ["r1.on_late.1", "r1.plan_work.1"])
def test_a_date_can_be_set_anew(address: str) -> None:
    case = _case()
    due = datetime(2026, 10, 9, 15, 59, 59, tzinfo=UTC)

    case.move(inputs.Rescheduled(at(address), due, "calendar published"))

    waiting = engine.pending(case.program, case.family)
    assert {str(one.at): one.due for one in (*waiting.tasks, *waiting.timers)}[address] == due


def test_a_new_calendar_gives_dates_anew_counted_from_when_the_token_came() -> None:
    case = _case()

    class Closed(Weekdays):
        """The same, but that Monday the 21st is a holiday."""

        version = "closed"

        def is_working(self, day: date) -> bool:
            return super().is_working(day) and day != date(2026, 9, 21)

    anew = engine.recomputed(case.program, case.family, NOON + timedelta(days=2), Closed())

    assert [(str(one.at), one.due.day) for one in anew] == [("r1.plan_work.1", 24), ("r1.on_late.1", 28)]


def _race() -> Drawing:
    drawing = Drawing("main")
    drawing.start("begin_case")
    drawing.gate("wait_for", "eventBased")
    drawing.catch("hear_answer", message="answered", variable="answer")
    drawing.catch("first_date", timer="end of day(working days after(today(), 2))")
    drawing.catch("second_date", timer="end of day(working days after(today(), 9))")
    drawing.user("read_answer")
    drawing.user("do_without")
    for name in ("end_answer", "end_first", "end_second"):
        drawing.end(name)
    drawing.way("begin_case", "wait_for", "hear_answer", "read_answer", "end_answer")
    drawing.way("wait_for", "first_date", "do_without", "end_first")
    drawing.way("wait_for", "second_date", "end_second")
    return drawing


def test_an_event_gateway_takes_the_message_and_drops_the_dates() -> None:
    case = Case(compiled(_race()), fresh=True)
    case.start("main")

    done = case.receive("answered", text="yes")

    assert case.open() == ["r1.read_answer.1"]
    assert case.data()["answer"] == {"text": "yes"}
    assert [str(one) for one in done.dropped_timers] == ["r1.first_date.1", "r1.second_date.1"]


def test_two_dates_on_one_event_gateway_keep_apart() -> None:
    case = Case(compiled(_race()), fresh=True)
    case.start("main")
    case.now = NOON + timedelta(days=5)

    with pytest.raises(Conflict):
        case.elapse("r1.second_date.1")
    case.elapse("r1.first_date.1")

    assert case.open() == ["r1.do_without.1"]


def test_a_condition_event_is_asked_again_whenever_its_run_moves() -> None:
    drawing = Drawing("main")
    drawing.start("begin_case")
    drawing.gate("fork_work", "parallel")
    drawing.user("fill_in", set="{ready: fill_in.ready}")
    drawing.catch("wait_ready", condition="ready = true")
    drawing.user("go_on")
    drawing.end("end_one")
    drawing.end("end_two")
    drawing.way("begin_case", "fork_work", "fill_in", "end_one")
    drawing.way("fork_work", "wait_ready", "go_on", "end_two")
    case = Case(compiled(drawing), fresh=True)
    case.start("main", ready=False)
    assert case.open() == ["r1.fill_in.1"]

    case.submit("r1.fill_in.1", ready=True)

    assert case.open() == ["r1.go_on.1"]
