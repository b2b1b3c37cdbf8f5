"""Rounds of several people: blind in parallel or one after the other, results in the order of the members."""

import pytest

from tests.engine.cases import Case, at
from tests.engine.drawing import Drawing, compiled, each
from workflow_service import engine
from workflow_service.engine import inputs
from workflow_service.errors import CannotAdvance, Conflict


def _panel(marks: str, **properties: str) -> Drawing:
    drawing = Drawing("panel")
    drawing.start("begin_panel")
    drawing.gate("again_here")
    drawing.user("evaluate", many=marks, **properties)
    drawing.user("record_meeting")
    drawing.gate("is_enough")
    drawing.end("end_panel")
    drawing.way("begin_panel", "again_here", "evaluate", "record_meeting", "is_enough")
    drawing.flow("is_enough", "again_here", when="record_meeting.again = true")
    drawing.flow("is_enough", "end_panel", default=True)
    return drawing


BLIND = each("members", output="opinions", output_item="evaluate")


def _case(marks: str = BLIND, members: object = ("a", "b", "c"), **properties: str) -> Case:
    case = Case(compiled(_panel(marks, **properties)), fresh=True)
    case.start("panel", members=list(members) if isinstance(members, tuple) else members)
    return case


def test_each_member_gets_a_task_that_names_the_member() -> None:
    case = _case(assignee="member")

    tasks = engine.pending(case.program, case.family).tasks

    assert [(one.at.visit, one.instance, one.assignees) for one in tasks] == [
        (1, "a", ("a",)),
        (2, "b", ("b",)),
        (3, "c", ("c",)),
    ]


def test_results_stand_in_the_order_of_the_members_not_of_completion() -> None:
    case = _case()

    for visit in (3, 1, 2):
        case.submit(f"r1.evaluate.{visit}", vote=visit)

    assert case.data()["opinions"] == [{"vote": 1}, {"vote": 2}, {"vote": 3}]
    assert "evaluate" not in case.data()
    assert case.open() == ["r1.record_meeting.1"]


def test_no_member_sees_the_answers_of_another() -> None:
    case = _case()

    case.submit("r1.evaluate.1", vote=1)

    assert "opinions" not in case.data()
    assert "evaluate" not in case.data()


def test_a_second_round_counts_on_and_replaces_the_results() -> None:
    case = _case()
    for visit in (1, 2, 3):
        case.submit(f"r1.evaluate.{visit}", vote=0)
    case.submit("r1.record_meeting.1", again=True)

    for visit in (4, 5, 6):
        case.submit(f"r1.evaluate.{visit}", vote=visit)

    assert case.data()["opinions"] == [{"vote": 4}, {"vote": 5}, {"vote": 6}]


def test_sequential_members_come_one_after_the_other() -> None:
    case = _case(each("members", output="opinions", output_item="evaluate", sequential=True))

    for visit in (1, 2, 3):
        assert case.open() == [f"r1.evaluate.{visit}"]
        case.submit(f"r1.evaluate.{visit}", vote=visit)

    assert [one["vote"] for one in case.data()["opinions"]] == [1, 2, 3]


def test_a_null_member_in_a_sequence_does_not_stop_it() -> None:
    case = _case(each("members", output="opinions", output_item="evaluate", sequential=True), members=("a", None, "c"))

    for visit in (1, 2, 3):
        case.submit(f"r1.evaluate.{visit}", vote=visit)

    assert len(case.data()["opinions"]) == 3


def test_a_completion_condition_ends_the_round() -> None:
    case = _case(each("members", output="opinions", output_item="evaluate", until="nrOfCompletedInstances >= 2"))

    case.submit("r1.evaluate.1", vote=1)
    done = case.submit("r1.evaluate.3", vote=3)

    assert {str(where): why for where, why in done.closed} == {
        "r1.evaluate.3": "completed",
        "r1.evaluate.2": "cancelled",
    }
    assert case.data()["opinions"] == [{"vote": 1}, {"vote": 3}]


def test_an_empty_round_is_over_at_once() -> None:
    case = _case(members=())

    assert case.open() == ["r1.record_meeting.1"]
    assert case.data()["opinions"] == []


@pytest.mark.parametrize("members", [None, 3, {"a": 1}, list(range(501))])
def test_a_collection_that_is_no_list_of_bearable_length_refuses(members: object) -> None:
    with pytest.raises(CannotAdvance) as refused:
        _case(members=members)

    assert refused.value.element == "evaluate"


def test_what_a_round_sets_is_evaluated_once_when_it_is_over() -> None:
    case = _case(set="{total: count(opinions)}")

    case.submit("r1.evaluate.1")
    case.submit("r1.evaluate.2")
    assert "total" not in case.data()
    case.submit("r1.evaluate.3")

    assert case.data()["total"] == 3


def test_members_are_added_and_taken_away_while_the_round_is_open() -> None:
    case = _case()
    case.submit("r1.evaluate.1", vote=1)

    done = case.move(inputs.Countersigned(at("r1.evaluate.2"), ("d",), ("c",), "chair"))

    assert [(str(one.at), one.instance) for one in done.opened] == [("r1.evaluate.4", "d")]
    assert [(str(where), why) for where, why in done.closed] == [("r1.evaluate.3", "cancelled")]
    case.submit("r1.evaluate.4", vote=4)
    case.submit("r1.evaluate.2", vote=2)
    assert case.data()["opinions"] == [{"vote": 1}, {"vote": 2}, {"vote": 4}]


@pytest.mark.parametrize(
    ("add", "remove"),
    [
        ((), ("x",)),  # nobody of this name
        (("a",), ()),  # is a member already
        ((), ("a", "b", "c")),  # nobody would be left
    ],
)
def test_a_round_refuses_a_change_that_does_not_fit(add: tuple[str, ...], remove: tuple[str, ...]) -> None:
    case = _case()

    with pytest.raises(Conflict):
        case.move(inputs.Countersigned(at("r1.evaluate.1"), add, remove, "chair"))

    assert len(case.open()) == 3


def test_a_called_process_for_each_item_keeps_its_data_apart() -> None:
    outer, inner = Drawing("outer"), Drawing("inner")
    outer.start("begin_outer")
    outer.call("serve_each", "inner", many=each("subjects", item="subject", output="proofs", output_item="proof"))
    outer.user("read_proofs")
    outer.end("end_outer")
    outer.way("begin_outer", "serve_each", "read_proofs", "end_outer")
    inner.start("begin_inner")
    inner.user("serve_one", set="{proof: {who: subject, how: serve_one.how}}")
    inner.end("end_inner")
    inner.way("begin_inner", "serve_one", "end_inner")
    case = Case(compiled(outer, inner), fresh=True)
    case.start("outer", subjects=["s1", "s2"])

    case.submit("r1.serve_one.2", how="post")
    case.submit("r1.serve_one.1", how="hand")

    assert case.data()["proofs"] == [{"who": "s1", "how": "hand"}, {"who": "s2", "how": "post"}]
    assert "proof" not in case.data()
    assert "subject" not in case.data()


def test_an_interrupting_event_ends_the_whole_round() -> None:
    drawing = _panel(BLIND)
    drawing.boundary("on_recusal", "evaluate", message="recused")
    drawing.user("form_again")
    drawing.end("end_again")
    drawing.way("on_recusal", "form_again", "end_again")
    case = Case(compiled(drawing), fresh=True)
    case.start("panel", members=["a", "b"])
    case.submit("r1.evaluate.1")

    case.receive("recused")

    assert case.open() == ["r1.form_again.1"]
