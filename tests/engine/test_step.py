"""How tokens move within one run: choices, forks, joins, loops, called processes, and what a refused step leaves."""

import time

import pytest

from tests.engine.cases import Case
from tests.engine.drawing import Drawing, compiled
from workflow_service import engine
from workflow_service.engine import inputs
from workflow_service.errors import CannotAdvance, Conflict


def _choice() -> Drawing:
    drawing = Drawing("main")
    drawing.start("begin_case")
    drawing.user("fill_form")
    drawing.gate("choose_way")
    drawing.user("go_left")
    drawing.user("go_right")
    drawing.end("end_case")
    drawing.way("begin_case", "fill_form", "choose_way")
    drawing.flow("choose_way", "go_left", when="fill_form.left")
    drawing.flow("choose_way", "go_right", default=True)
    drawing.way("go_left", "end_case")
    drawing.way("go_right", "end_case")
    return drawing


@pytest.mark.parametrize(("answer", "opened"), [(True, "r1.go_left.1"), (False, "r1.go_right.1")])
def test_an_exclusive_gateway_takes_the_true_flow_else_the_default(answer: bool, opened: str) -> None:
    case = Case(compiled(_choice()))
    case.start("main")

    case.submit("r1.fill_form.1", left=answer)

    assert case.open() == [opened]


def test_a_condition_that_is_null_refuses_the_step_and_leaves_the_state() -> None:
    case = Case(compiled(_choice()))
    case.start("main")
    before = case.family

    with pytest.raises(CannotAdvance) as refused:
        case.submit("r1.fill_form.1", right=True)

    assert refused.value.element == "choose_way"
    assert "fill_form.left" in str(refused.value)
    assert case.family is before
    assert case.open() == ["r1.fill_form.1"]
    case.submit("r1.fill_form.1", left=True)
    assert case.open() == ["r1.go_left.1"]


def test_a_condition_that_is_no_boolean_refuses_the_step() -> None:
    case = Case(compiled(_choice()))
    case.start("main")

    with pytest.raises(CannotAdvance, match="流转条件"):
        case.submit("r1.fill_form.1", left=1)


def test_answers_stand_under_their_element_and_actors_name_the_last_person() -> None:
    case = Case(compiled(_choice()))
    case.start("main", reason="why")

    case.submit("r1.fill_form.1", by="zhang", left=True)

    assert case.data() == {"reason": "why", "fill_form": {"left": True}, "actors": {"fill_form": "zhang"}}


def test_submitting_what_is_not_open_is_a_conflict() -> None:
    case = Case(compiled(_choice()))
    case.start("main")
    case.submit("r1.fill_form.1", left=True)

    for address in ("r1.fill_form.1", "r1.go_right.1", "r1.go_left.2", "r2.go_left.1"):
        with pytest.raises(Conflict):
            case.submit(address)


def _fork(kind: str = "parallel") -> Drawing:
    drawing = Drawing("main")
    drawing.start("begin_case")
    drawing.gate("fork_work", kind)
    drawing.user("do_one")
    drawing.user("do_two")
    drawing.gate("join_work", kind)
    drawing.user("sum_up")
    drawing.end("end_case")
    drawing.way("begin_case", "fork_work")
    drawing.way("do_one", "join_work", "sum_up", "end_case")
    drawing.way("do_two", "join_work")
    return drawing


@pytest.mark.parametrize("order", [("do_one", "do_two"), ("do_two", "do_one")])
def test_a_parallel_join_waits_for_all_in_any_order(order: tuple[str, str]) -> None:
    drawing = _fork()
    drawing.way("fork_work", "do_one")
    drawing.way("fork_work", "do_two")
    case = Case(compiled(drawing), fresh=True)
    case.start("main")

    case.submit(f"r1.{order[0]}.1")
    assert case.open() == [f"r1.{order[1]}.1"]
    case.submit(f"r1.{order[1]}.1")

    assert case.open() == ["r1.sum_up.1"]


@pytest.mark.parametrize(
    ("one", "two", "opened"),
    [
        (True, True, ["r1.do_one.1", "r1.do_two.1"]),
        (True, False, ["r1.do_one.1"]),
        (False, False, ["r1.do_two.1"]),  # the default
    ],
)
def test_an_inclusive_join_waits_only_for_what_was_sent(one: bool, two: bool, opened: list[str]) -> None:
    program = compiled(_inclusive())
    case = Case(program, fresh=True)
    case.start("main", one=one, two=two)

    assert case.open() == opened
    for address in opened:
        case.submit(address)

    assert case.open() == ["r1.sum_up.1"]


def _inclusive() -> Drawing:
    drawing = _fork("inclusive")
    drawing.flow("fork_work", "do_one", when="one")
    drawing.flow("fork_work", "do_two", when="two")
    drawing.gate("skip_work")
    drawing.flow("fork_work", "skip_work", default=True)
    drawing.way("skip_work", "do_two")
    return drawing


def test_an_inclusive_join_does_not_wait_for_what_only_a_loop_could_bring() -> None:
    drawing = Drawing("main")
    drawing.start("begin_case")
    drawing.gate("again_here")
    drawing.gate("fork_work", "parallel")
    drawing.user("do_beside")
    drawing.gate("fork_some", "inclusive")
    drawing.user("do_one")
    drawing.user("do_two")
    drawing.gate("join_some", "inclusive")
    drawing.gate("join_work", "parallel")
    drawing.user("look_back")
    drawing.gate("is_done")
    drawing.end("end_case")
    drawing.way("begin_case", "again_here", "fork_work", "do_beside", "join_work", "look_back", "is_done")
    drawing.way("fork_work", "fork_some")
    drawing.flow("fork_some", "do_one", default=True)
    drawing.flow("fork_some", "do_two", when="false")
    drawing.way("do_one", "join_some", "join_work")
    drawing.way("do_two", "join_some")
    drawing.flow("is_done", "again_here", when="false")
    drawing.flow("is_done", "end_case", default=True)
    case = Case(compiled(drawing), fresh=True)
    case.start("main")
    case.submit("r1.do_beside.1")

    case.submit("r1.do_one.1")

    assert case.open() == ["r1.look_back.1"]


def test_fourteen_forks_in_a_row_make_no_more_tokens_than_two() -> None:
    drawing = Drawing("main")
    drawing.start("begin_case")
    at = "begin_case"
    for number in range(14):
        drawing.gate(f"fork_{number}", "parallel")
        drawing.gate(f"join_{number}", "parallel")
        drawing.raw(f'<task id="left_{number}"/><task id="right_{number}"/>')
        drawing.way(at, f"fork_{number}", f"left_{number}", f"join_{number}")
        drawing.way(f"fork_{number}", f"right_{number}", f"join_{number}")
        at = f"join_{number}"
    drawing.user("rest_here")
    drawing.end("end_case")
    drawing.way(at, "rest_here", "end_case")
    case = Case(compiled(drawing))

    case.start("main")

    assert case.open() == ["r1.rest_here.1"]
    assert len(case.family.runs["r1"].state) < 1000


def test_visits_count_each_opening_of_an_element() -> None:
    drawing = Drawing("main")
    drawing.start("begin_case")
    drawing.gate("again_here")
    drawing.user("try_it")
    drawing.gate("is_done")
    drawing.end("end_case")
    drawing.way("begin_case", "again_here", "try_it", "is_done")
    drawing.flow("is_done", "again_here", when="try_it.done = false")
    drawing.flow("is_done", "end_case", default=True)
    case = Case(compiled(drawing), fresh=True)
    case.start("main")
    sizes = []

    for visit in range(1, 40):
        case.submit(f"r1.try_it.{visit}", done=False)
        sizes.append(len(case.family.runs["r1"].state))

    assert case.open() == ["r1.try_it.40"]
    assert sizes[-1] - sizes[5] < 12  # the state does not grow with the loop
    case.submit("r1.try_it.40", done=True)
    assert not case.is_open()


def test_an_endless_loop_of_automatic_steps_is_refused() -> None:
    drawing = Drawing("main")
    drawing.start("begin_case")
    drawing.user("begin_loop")
    drawing.gate("go_round")
    drawing.gate("come_back")
    drawing.end("end_case")
    drawing.way("begin_case", "begin_loop", "go_round", "come_back")
    drawing.flow("come_back", "go_round", default=True)
    drawing.flow("come_back", "end_case", when="false")
    case = Case(compiled(drawing))
    case.start("main")

    with pytest.raises(CannotAdvance, match="死循环"):
        case.submit("r1.begin_loop.1")

    assert case.open() == ["r1.begin_loop.1"]


def test_a_loop_of_heavy_expressions_ends_soon() -> None:
    drawing = Drawing("main")
    drawing.start("begin_case")
    drawing.gate("go_round")
    drawing.gate("come_back")
    drawing.end("end_case")
    drawing.way("begin_case", "go_round", "come_back")
    drawing.flow("come_back", "end_case", when="count(for a in 1..20000 return a) = 0")
    drawing.flow("come_back", "go_round", default=True)
    case = Case(compiled(drawing))
    began = time.process_time()

    with pytest.raises(CannotAdvance):
        case.start("main")

    assert time.process_time() - began < 10


def _called() -> tuple[Drawing, Drawing]:
    outer, inner = Drawing("outer"), Drawing("inner")
    outer.start("begin_case")
    outer.call("call_inner", "inner")
    outer.user("read_result")
    outer.end("end_case")
    outer.way("begin_case", "call_inner", "read_result", "end_case")
    inner.start("begin_inner")
    inner.user("work_inside", set="{found: outside + 1}")
    inner.end("end_inner")
    inner.way("begin_inner", "work_inside", "end_inner")
    return outer, inner


def test_a_called_process_shares_the_data_of_its_caller() -> None:
    case = Case(compiled(*_called()), fresh=True)
    case.start("outer", outside=1)
    assert [one.process for one in engine.pending(case.program, case.family).tasks] == ["inner"]

    case.submit("r1.work_inside.1")

    assert case.open() == ["r1.read_result.1"]
    assert case.data()["found"] == 2


def test_an_error_end_event_goes_to_the_boundary_event_of_its_code() -> None:
    outer, inner = _called()
    outer.boundary("on_quorum", "call_inner", error="ERR_QUORUM")
    outer.user("form_again")
    outer.end("end_again")
    outer.way("on_quorum", "form_again", "end_again")
    inner.gate("is_enough")
    inner.parts = [part for part in inner.parts if "work_inside_to_end" not in part]
    inner.end("lack_members", error="ERR_QUORUM")
    inner.way("work_inside", "is_enough")
    inner.flow("is_enough", "end_inner", when="work_inside.enough")
    inner.flow("is_enough", "lack_members", default=True)
    case = Case(compiled(outer, inner), fresh=True)
    case.start("outer", outside=1)

    case.submit("r1.work_inside.1", enough=False)

    assert case.open() == ["r1.form_again.1"]


def test_an_error_that_nobody_catches_refuses_the_step() -> None:
    outer, inner = _called()
    inner.parts = [part for part in inner.parts if "work_inside_to_end" not in part]
    inner.end("lack_members", error="ERR_QUORUM")
    inner.way("work_inside", "lack_members")
    case = Case(compiled(outer, inner))
    case.start("outer", outside=1)

    with pytest.raises(CannotAdvance, match="ERR_QUORUM"):
        case.submit("r1.work_inside.1")


def test_a_terminate_end_inside_a_sub_process_ends_only_that() -> None:
    inner = Drawing("inner")
    inner.start("begin_inner")
    inner.gate("fork_inner", "parallel")
    inner.user("wait_long")
    inner.user("stop_all")
    inner.end("end_long")
    inner.end("end_stop", terminate=True)
    inner.way("begin_inner", "fork_inner", "wait_long", "end_long")
    inner.way("fork_inner", "stop_all", "end_stop")
    outer = Drawing("outer")
    outer.start("begin_case")
    outer.sub("do_inside", inner)
    outer.user("go_on")
    outer.end("end_case")
    outer.way("begin_case", "do_inside", "go_on", "end_case")
    case = Case(compiled(outer), fresh=True)
    case.start("outer")

    done = case.submit("r1.stop_all.1")

    assert case.open() == ["r1.go_on.1"]
    assert {str(where): why for where, why in done.closed} == {
        "r1.stop_all.1": "completed",
        "r1.wait_long.1": "cancelled",
    }


def _served() -> Drawing:
    drawing = Drawing("main")
    drawing.start("begin_case")
    drawing.user("ask_for")
    drawing.service("serve_it", "notification.serve", "served", to="ask_for.to", copies="1 + 1")
    drawing.boundary("on_failure", "serve_it", error="ERR_SERVE")
    drawing.user("serve_by_hand")
    drawing.user("read_proof")
    drawing.end("end_case")
    drawing.end("end_hand")
    drawing.way("begin_case", "ask_for", "serve_it", "read_proof", "end_case")
    drawing.way("on_failure", "serve_by_hand", "end_hand")
    return drawing


def test_a_service_task_becomes_a_call_and_takes_its_result() -> None:
    case = Case(compiled(_served()), fresh=True)
    case.start("main")

    done = case.submit("r1.ask_for.1", to="li")

    (call,) = done.calls
    assert (str(call.at), call.operation) == ("r1.serve_it.1", "notification.serve")
    assert call.parameters == {"to": "li", "copies": 2}
    case.give("r1.serve_it.1", {"ok": True})
    assert case.data()["served"] == {"ok": True}
    assert case.open() == ["r1.read_proof.1"]


def test_a_failed_call_goes_to_its_error_event_or_refuses() -> None:
    case = Case(compiled(_served()), fresh=True)
    case.start("main")
    case.submit("r1.ask_for.1", to="li")

    with pytest.raises(CannotAdvance, match="ERR_OTHER"):
        case.fail("r1.serve_it.1", "ERR_OTHER")
    done = case.fail("r1.serve_it.1", "ERR_SERVE")

    assert case.open() == ["r1.serve_by_hand.1"]
    assert done.dropped_calls == ()  # the job has ended by itself


def test_a_result_given_twice_is_a_conflict() -> None:
    case = Case(compiled(_served()))
    case.start("main")
    case.submit("r1.ask_for.1", to="li")
    case.give("r1.serve_it.1", {})

    with pytest.raises(Conflict):
        case.give("r1.serve_it.1", {})


def test_a_decision_gets_its_inputs_and_gives_its_result() -> None:
    drawing = Drawing("main")
    drawing.start("begin_case")
    drawing.decide("find_route", "route", inputs="{loss: loss, place: case.place}", result="way")
    drawing.user("read_route")
    drawing.end("end_case")
    drawing.way("begin_case", "find_route", "read_route", "end_case")
    asked = []

    def decide(name: str, inputs: dict[str, object], env: object) -> object:
        asked.append((name, inputs))
        return {"path": "panel"}

    case = Case(compiled(drawing, decide=decide), shared={"place": "city"})
    case.start("main", loss=3)

    assert asked == [("route", {"loss": 3, "place": "city"})]
    assert case.data()["way"] == {"path": "panel"}


def test_steps_tell_the_way_of_the_tokens_with_their_flows() -> None:
    case = Case(compiled(_choice()))
    case.start("main")

    done = case.submit("r1.fill_form.1", left=True)

    told = [(one.element, one.visit, one.happened, one.flow) for one in done.steps]
    assert told == [
        ("fill_form", 1, "passed", "main_begin_case_to_fill_form_1"),
        ("choose_way", 1, "passed", "main_fill_form_to_choose_way_2"),
        ("go_left", 1, "entered", "main_choose_way_to_go_left_3"),
    ]


def test_a_repair_sets_data_with_which_the_refused_step_works() -> None:
    drawing = _choice()
    drawing.parts = [part.replace("fill_form.left", "way > 0") for part in drawing.parts]
    case = Case(compiled(drawing))
    case.start("main")
    with pytest.raises(CannotAdvance):
        case.submit("r1.fill_form.1")

    case.move(inputs.Repaired("r1", {"way": 1}, "missing", "operator"))
    case.submit("r1.fill_form.1")

    assert case.open() == ["r1.go_left.1"]
