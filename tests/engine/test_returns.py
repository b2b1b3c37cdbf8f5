"""The way back: what can be sent back where, what stops then, and which submission can be taken back."""

import pytest

from tests.engine.cases import Case, at
from tests.engine.drawing import Drawing, compiled, each
from workflow_service import engine
from workflow_service.errors import Conflict


def _line() -> Drawing:
    """apply → (collect with a late event | check) side by side → sum_up → a round of members → decide."""
    drawing = Drawing("main")
    drawing.start("begin_case")
    drawing.user("apply_for")
    drawing.gate("fork_work", "parallel")
    drawing.user("collect_facts")
    drawing.user("note_facts")
    drawing.user("check_law")
    drawing.gate("join_work", "parallel")
    drawing.user("sum_up")
    drawing.user("evaluate", many=each("members", output="opinions", output_item="evaluate"))
    drawing.user("decide_it")
    drawing.boundary("on_late", "decide_it", timer="end of day(today())", cancel=False)
    drawing.user("hurry_up")
    drawing.end("end_hurry")
    drawing.end("end_case")
    drawing.way(
        "begin_case", "apply_for", "fork_work", "collect_facts", "note_facts", "join_work", "sum_up", "evaluate"
    )
    drawing.way("fork_work", "check_law", "join_work")
    drawing.way("evaluate", "decide_it", "end_case")
    drawing.way("on_late", "hurry_up", "end_hurry")
    return drawing


def _until(*addresses: str) -> Case:
    case = Case(compiled(_line()), fresh=True)
    case.start("main", members=["a", "b"])
    for address in addresses:
        case.submit(address, done=address)
    return case


BEFORE_JOIN = ("r1.apply_for.1", "r1.collect_facts.1")
TO_SUM = (*BEFORE_JOIN, "r1.note_facts.1", "r1.check_law.1")
TO_DECIDE = (*TO_SUM, "r1.sum_up.1", "r1.evaluate.1", "r1.evaluate.2")


@pytest.mark.parametrize(
    ("done", "address", "targets"),
    [
        ((), "r1.apply_for.1", []),
        (BEFORE_JOIN, "r1.note_facts.1", ["apply_for", "collect_facts"]),
        (BEFORE_JOIN, "r1.check_law.1", ["apply_for"]),  # the other branch is none of its business
        (TO_SUM, "r1.sum_up.1", ["apply_for"]),  # not into a branch that has been joined
        (TO_DECIDE, "r1.decide_it.1", ["apply_for", "sum_up", "evaluate"]),
    ],
)
def test_work_goes_back_only_where_no_token_is_lost(done: tuple[str, ...], address: str, targets: list[str]) -> None:
    case = _until(*done)

    assert engine.returnable(case.program, case.family, at(address)) == targets


def test_sending_back_opens_the_element_anew_and_keeps_the_answers() -> None:
    case = _until(*TO_SUM)

    case.back("r1.sum_up.1", "apply_for")

    assert case.open() == ["r1.apply_for.2"]
    assert case.data()["apply_for"] == {"done": "r1.apply_for.1"}
    for address in ("r1.apply_for.2", "r1.collect_facts.2", "r1.note_facts.2", "r1.check_law.2", "r1.sum_up.2"):
        case.submit(address)
    assert case.open() == ["r1.evaluate.1", "r1.evaluate.2"]


def test_sending_back_out_of_a_branch_stops_the_other_branch_and_the_join() -> None:
    case = _until(*BEFORE_JOIN, "r1.note_facts.1")
    preview = engine.preview_return(case.program, case.family, at("r1.check_law.1"), "apply_for")

    done = case.back("r1.check_law.1", "apply_for")

    assert {str(one) for one in preview} == {"r1.join_work.1", "r1.check_law.1"}
    assert [(str(where), why) for where, why in done.closed] == [("r1.check_law.1", "cancelled")]
    assert case.open() == ["r1.apply_for.2"]


def test_sending_back_within_a_branch_leaves_the_other_branch_alone() -> None:
    case = _until(*BEFORE_JOIN, "r1.check_law.1")

    case.back("r1.note_facts.1", "collect_facts")

    assert case.open() == ["r1.collect_facts.2"]
    case.submit("r1.collect_facts.2")
    case.submit("r1.note_facts.2")
    assert case.open() == ["r1.sum_up.1"]


def test_sending_back_out_of_a_round_ends_the_round() -> None:
    case = _until(*TO_SUM, "r1.sum_up.1", "r1.evaluate.1")

    done = case.back("r1.evaluate.2", "sum_up")

    assert [str(where) for where, _ in done.closed] == ["r1.evaluate.2"]
    case.submit("r1.sum_up.2")
    assert case.open() == ["r1.evaluate.3", "r1.evaluate.4"]
    case.submit("r1.evaluate.3", vote=3)
    case.submit("r1.evaluate.4", vote=4)
    assert case.data()["opinions"] == [{"vote": 3}, {"vote": 4}]


def test_sending_back_drops_the_dates_of_the_task() -> None:
    case = _until(*TO_DECIDE)

    done = case.back("r1.decide_it.1", "sum_up")

    assert [str(one) for one in done.dropped_timers] == ["r1.on_late.1"]
    assert case.open() == ["r1.sum_up.2"]


@pytest.mark.parametrize(
    ("address", "element", "reason"),
    [
        ("r1.sum_up.1", "decide_it", "不在当前环节之前"),
        ("r1.sum_up.1", "collect_facts", "并行分支之内"),
        ("r1.sum_up.1", "sum_up", "当前环节本身"),
        ("r1.sum_up.1", "join_work", "不是本流程的办理环节"),
        ("r1.sum_up.1", "nowhere", "不是本流程的办理环节"),
        ("r1.apply_for.1", "apply_for", "已不在等待"),
    ],
)
def test_a_return_that_would_break_the_process_is_refused_with_its_reason(
    address: str, element: str, reason: str
) -> None:
    case = _until(*TO_SUM)

    with pytest.raises(Conflict, match=reason):
        case.back(address, element)


def test_work_stays_within_its_called_process() -> None:
    outer, inner = Drawing("outer"), Drawing("inner")
    outer.start("begin_outer")
    outer.user("prepare_it")
    outer.call("call_inner", "inner")
    outer.end("end_outer")
    outer.way("begin_outer", "prepare_it", "call_inner", "end_outer")
    inner.start("begin_inner")
    inner.user("draft_it")
    inner.user("check_it")
    inner.end("end_inner")
    inner.way("begin_inner", "draft_it", "check_it", "end_inner")
    case = Case(compiled(outer, inner), fresh=True)
    case.start("outer")
    case.submit("r1.prepare_it.1")
    case.submit("r1.draft_it.1")

    assert engine.returnable(case.program, case.family, at("r1.check_it.1")) == ["draft_it"]
    case.back("r1.check_it.1", "draft_it")
    case.submit("r1.draft_it.2")
    case.submit("r1.check_it.2")

    assert not case.is_open()


def test_a_submission_is_taken_back_while_nobody_has_acted_on_it() -> None:
    case = _until("r1.apply_for.1")
    assert engine.last_submission(case.program, case.family, "r1") == {
        "element": "apply_for",
        "visit": 1,
        "by": "clerk",
    }

    done = case.undo("r1.apply_for.1")

    assert case.open() == ["r1.apply_for.2"]
    assert {str(where): why for where, why in done.closed} == {
        "r1.collect_facts.1": "cancelled",
        "r1.check_law.1": "cancelled",
    }


def test_a_submission_that_waits_at_a_join_can_be_taken_back() -> None:
    case = _until("r1.apply_for.1", "r1.check_law.1")

    case.undo("r1.check_law.1")

    assert case.open() == ["r1.check_law.2", "r1.collect_facts.1"]


@pytest.mark.parametrize(
    ("done", "address", "by"),
    [
        (BEFORE_JOIN, "r1.apply_for.1", "clerk"),  # others have acted since
        (("r1.apply_for.1",), "r1.apply_for.1", "chief"),  # not the own one
        ((*TO_SUM, "r1.sum_up.1", "r1.evaluate.1"), "r1.evaluate.1", "clerk"),  # a vote given is given
        ((), "r1.apply_for.1", "clerk"),  # not submitted
        (TO_SUM, "r1.check_law.1", "clerk"),  # the join has swallowed the other branch's token
    ],
)
def test_a_submission_with_consequences_cannot_be_taken_back(done: tuple[str, ...], address: str, by: str) -> None:
    case = _until(*done)

    with pytest.raises(Conflict):
        case.undo(address, by)


def test_a_submission_that_called_a_handler_cannot_be_taken_back() -> None:
    drawing = Drawing("main")
    drawing.start("begin_case")
    drawing.user("ask_for")
    drawing.service("serve_it")
    drawing.end("end_case")
    drawing.way("begin_case", "ask_for", "serve_it", "end_case")
    case = Case(compiled(drawing), fresh=True)
    case.start("main")
    case.submit("r1.ask_for.1")

    with pytest.raises(Conflict):
        case.undo("r1.ask_for.1")
