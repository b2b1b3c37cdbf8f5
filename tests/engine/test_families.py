"""A case as a family of runs: messages and signals between them, what they share, and how the case ends."""

import pytest

from tests.engine.cases import Case
from tests.engine.drawing import Drawing, compiled
from workflow_service import engine
from workflow_service.errors import CannotAdvance, Conflict


def _main() -> Drawing:
    """A confirmation that a signal sends back to its investigation."""
    drawing = Drawing("confirmation")
    drawing.start("begin_case", message="case_accepted", publish='{status: "in_progress", title: title}')
    drawing.gate("again_here")
    drawing.call("investigate", "inquiry")
    drawing.boundary("on_reinvestigate", "investigate", signal="reinvestigate")
    drawing.user("sign_decision", set="{objects: sign_decision.objects}")
    drawing.throw("tell_objects", message="decision_made", payload="objects")
    drawing.end("end_case")
    drawing.way("begin_case", "again_here", "investigate", "sign_decision", "tell_objects", "end_case")
    drawing.way("on_reinvestigate", "again_here")
    return drawing


def _inquiry() -> Drawing:
    drawing = Drawing("inquiry")
    drawing.start("begin_inquiry")
    drawing.user("report_facts")
    drawing.end("end_inquiry")
    drawing.way("begin_inquiry", "report_facts", "end_inquiry")
    return drawing


def _appeal() -> Drawing:
    drawing = Drawing("appeal")
    drawing.start(
        "take_statement",
        message="statement_received",
        roles="party, clerk",
        form="register_appeal",
        allowed="case.window_open = true",
    )
    drawing.user("answer_appeal")
    drawing.throw("ask_again", signal="reinvestigate")
    drawing.end("end_appeal")
    drawing.way("take_statement", "answer_appeal", "ask_again", "end_appeal")
    return drawing


def _correction() -> Drawing:
    drawing = Drawing("correction")
    drawing.start("begin_correction", message="decision_made")
    drawing.user("report_correction")
    drawing.end("end_correction")
    drawing.way("begin_correction", "report_correction", "end_correction")
    return drawing


def _archive() -> Drawing:
    drawing = Drawing("archive")
    drawing.start("begin_archive", message="case_settled")
    drawing.user("review_archive", publish='{status: "archived"}')
    drawing.end("end_archive")
    drawing.way("begin_archive", "review_archive", "end_archive")
    return drawing


@pytest.fixture
def case() -> Case:
    return Case(compiled(_main(), _inquiry(), _appeal(), _correction(), _archive()), fresh=True)


def test_a_received_message_starts_a_run_with_its_entries_as_data(case: Case) -> None:
    case.receive("case_accepted", title="t")

    assert case.data() == {"actors": {"begin_case": "party"}, "title": "t"}
    assert case.family.case["status"] == "in_progress"
    assert case.family.case["runs"] == [{"run": "r1", "process": "confirmation", "key": "", "open": True}]


def test_the_key_of_a_message_names_the_run(case: Case) -> None:
    case.receive("case_accepted", title="t")

    case.receive("statement_received", key="S1", content="no")

    assert case.family.runs["r2"].key == "S1"
    assert case.data("r2")["key"] == "S1"


def test_a_message_nobody_waits_for_is_a_conflict(case: Case) -> None:
    with pytest.raises(Conflict):
        case.receive("unheard_of")


def test_any_number_of_statements_can_be_open_at_once(case: Case) -> None:
    case.receive("case_accepted", title="t")

    for number in range(1, 6):
        case.receive("statement_received", key=f"S{number}")

    assert [one for one in case.open() if "answer_appeal" in one] == [
        f"r{number}.answer_appeal.1" for number in range(2, 7)
    ]


def test_a_signal_of_one_run_interrupts_the_called_process_of_another(case: Case) -> None:
    case.receive("case_accepted", title="t")
    case.receive("statement_received", key="S1")

    done = case.submit("r2.answer_appeal.1")

    assert [(one.run, one.kind, one.name, one.reached) for one in done.thrown] == [
        ("r2", "signal", "reinvestigate", ("r1",))
    ]
    assert case.open() == ["r1.report_facts.2"]
    assert {str(where): why for where, why in done.closed} == {
        "r2.answer_appeal.1": "completed",
        "r1.report_facts.1": "cancelled",
    }
    assert done.changed == ("r1", "r2")


def test_a_list_payload_starts_one_run_for_each_item(case: Case) -> None:
    case.receive("case_accepted", title="t")
    case.submit("r1.report_facts.1")

    done = case.submit("r1.sign_decision.1", objects=[{"key": "s1"}, {"key": "s2"}])

    assert [one.reached for one in done.thrown] == [("r2",), ("r3",)]
    assert [run.key for run in case.family.runs.values() if run.open] == ["s1", "s2"]
    assert case.open() == ["r2.report_correction.1", "r3.report_correction.1"]


def test_an_empty_list_payload_sends_nothing_and_the_archive_begins(case: Case) -> None:
    case.receive("case_accepted", title="t")
    case.submit("r1.report_facts.1")

    done = case.submit("r1.sign_decision.1", objects=[])

    assert [(one.run, one.name, one.reached) for one in done.thrown] == [("", "case_settled", ("r2",))]
    assert case.open() == ["r2.review_archive.1"]


def test_a_payload_that_is_no_data_refuses_the_step(case: Case) -> None:
    case.receive("case_accepted", title="t")
    case.submit("r1.report_facts.1")

    with pytest.raises(CannotAdvance) as refused:
        case.submit("r1.sign_decision.1", objects=[1])

    assert refused.value.element == "tell_objects"
    assert case.open() == ["r1.sign_decision.1"]


def test_the_archive_begins_when_the_last_run_has_ended_and_only_once(case: Case) -> None:
    case.receive("case_accepted", title="t")
    case.submit("r1.report_facts.1")
    case.submit("r1.sign_decision.1", objects=[{"key": "s1"}])

    case.submit("r2.report_correction.1")
    assert case.open() == ["r3.review_archive.1"]
    done = case.submit("r3.review_archive.1")

    assert done.thrown == ()
    assert case.family.case["status"] == "archived"
    assert [one["open"] for one in case.family.case["runs"]] == [False, False, False]


def test_a_closed_run_keeps_its_name_when_its_state_is_left_out(case: Case) -> None:
    case.receive("case_accepted", title="t")
    case.receive("statement_received", key="S1")
    case.submit("r2.answer_appeal.1")
    case.family = engine.view.Family(case.family.case, {"r1": case.family.runs["r1"]}, case.family.closed)

    case.receive("statement_received", key="S2")

    assert [one["run"] for one in case.family.case["runs"]] == ["r1", "r2", "r3"]
    assert case.family.runs["r3"].key == "S2"


def test_an_entrance_is_admitted_by_its_condition_over_the_case(case: Case) -> None:
    (entrance,) = [one for one in case.program.entrances if one.message == "statement_received"]
    closed = engine.begin({"window_open": False})
    opened = engine.begin({"window_open": True})

    admitted = [engine.admits(case.program, one, entrance, case.now, None) for one in (closed, opened)]

    assert admitted == [False, True]
    assert (entrance.roles, entrance.form, entrance.process) == (("party", "clerk"), "register_appeal", "appeal")


def test_a_run_waits_for_the_messages_and_signals_its_events_name(case: Case) -> None:
    case.receive("case_accepted", title="t")

    assert case.family.runs["r1"].waits == ("signal:reinvestigate",)


def _two_way() -> tuple[Drawing, Drawing]:
    asking, giving = Drawing("asking"), Drawing("giving")
    asking.start("begin_asking")
    asking.throw("ask_it", message="question", payload="{key: topic}")
    asking.catch("wait_answer", message="answer", variable="answered")
    asking.user("read_answer")
    asking.end("end_asking")
    asking.way("begin_asking", "ask_it", "wait_answer", "read_answer", "end_asking")
    giving.start("hear_question", message="question")
    giving.throw("answer_it", message="answer", payload='{text: "yes " + key}')
    giving.end("end_giving")
    giving.way("hear_question", "answer_it", "end_giving")
    return asking, giving


def test_question_and_answer_between_runs_settle_in_one_step() -> None:
    case = Case(compiled(*_two_way()), fresh=True)

    done = case.start("asking", topic="k")

    assert [(one.name, one.reached) for one in done.thrown] == [("question", ("r2",)), ("answer", ("r1",))]
    assert case.data()["answered"] == {"text": "yes k"}
    assert case.open() == ["r1.read_answer.1"]


def test_runs_that_start_each_other_for_ever_are_refused() -> None:
    echo = Drawing("echo")
    echo.start("hear_it", message="call_again")
    echo.throw("say_it", message="call_again", payload="{}")
    echo.end("end_echo")
    echo.way("hear_it", "say_it", "end_echo")
    case = Case(compiled(echo))

    with pytest.raises(CannotAdvance, match="死循环"):
        case.receive("call_again")

    assert case.family.runs == {}


def test_a_signal_reaches_the_run_that_throws_it() -> None:
    drawing = Drawing("main")
    drawing.start("begin_case")
    drawing.gate("fork_work", "parallel")
    drawing.user("wait_here")
    drawing.boundary("on_stop", "wait_here", signal="stop")
    drawing.user("push_stop")
    drawing.throw("throw_stop", signal="stop")
    for name in ("end_one", "end_two", "end_three"):
        drawing.end(name)
    drawing.way("begin_case", "fork_work", "wait_here", "end_one")
    drawing.way("fork_work", "push_stop", "throw_stop", "end_two")
    drawing.way("on_stop", "end_three")
    case = Case(compiled(drawing), fresh=True)
    case.start("main")

    done = case.submit("r1.push_stop.1")

    assert done.thrown[0].reached == ("r1",)
    assert not case.is_open()


def test_an_event_that_does_not_interrupt_can_come_again_and_again() -> None:
    drawing = Drawing("main")
    drawing.start("begin_case")
    drawing.user("work_on")
    drawing.boundary("on_request", "work_on", message="request", cancel=False)
    drawing.user("answer_it")
    drawing.end("end_case")
    drawing.end("end_answer")
    drawing.way("begin_case", "work_on", "end_case")
    drawing.way("on_request", "answer_it", "end_answer")
    case = Case(compiled(drawing), fresh=True)
    case.start("main")

    for _ in range(3):
        case.receive("request")

    assert case.open() == ["r1.answer_it.1", "r1.answer_it.2", "r1.answer_it.3", "r1.work_on.1"]
    case.submit("r1.work_on.1")
    with pytest.raises(Conflict):
        case.receive("request")
