"""What SpiffWorkflow 3.2 really does, pinned: the day one of these changes, the adapter must be looked at again."""

import inspect
from importlib.metadata import version
from uuid import UUID

import pytest
from lxml import etree
from SpiffWorkflow.bpmn import BpmnEvent, BpmnWorkflow
from SpiffWorkflow.bpmn.parser.ValidationException import ValidationException
from SpiffWorkflow.bpmn.script_engine import PythonScriptEngine
from SpiffWorkflow.bpmn.specs.event_definitions import NoneEventDefinition
from SpiffWorkflow.bpmn.specs.event_definitions.message import MessageEventDefinition as PlainMessage
from SpiffWorkflow.spiff.parser import SpiffBpmnParser
from SpiffWorkflow.spiff.specs.event_definitions import MessageEventDefinition
from SpiffWorkflow.task import Task
from SpiffWorkflow.util.deep_merge import DeepMerge
from SpiffWorkflow.util.task import TaskState

from tests.engine.drawing import Drawing, each


def _stock(drawing: Drawing) -> BpmnWorkflow:
    parser = SpiffBpmnParser()
    parser.add_bpmn_xml(etree.fromstring(drawing.xml()).getroottree())
    return BpmnWorkflow(parser.get_spec(drawing.process), parser.get_subprocess_specs(drawing.process))


def _line(*middle: str) -> Drawing:
    drawing = Drawing("main")
    drawing.start("begin_case")
    drawing.end("end_case")
    drawing.way("begin_case", *middle, "end_case")
    return drawing


def test_the_version_is_the_one_that_was_measured() -> None:
    assert version("SpiffWorkflow").startswith("3.2.")


def test_states_are_bits_in_the_order_of_a_life() -> None:
    states = ["MAYBE", "LIKELY", "FUTURE", "WAITING", "READY", "STARTED", "COMPLETED", "ERROR", "CANCELLED"]

    assert [getattr(TaskState, name) for name in states] == [1 << bit for bit in range(9)]


def test_a_boundary_event_puts_a_split_before_its_activity() -> None:
    drawing = _line("do_it")
    drawing.user("do_it")
    drawing.boundary("on_stop", "do_it", signal="stop")
    drawing.end("end_stop")
    drawing.way("on_stop", "end_stop")

    specs = _stock(drawing).spec.task_specs

    assert [one.name for one in specs["do_it.BoundaryEventSplit"].outputs] == ["do_it", "on_stop"]


def test_an_instance_has_a_spec_of_its_own_beside_the_container() -> None:
    drawing = _line("do_it")
    drawing.user("do_it", many=each("members"))

    specs = _stock(drawing).spec.task_specs

    assert specs["do_it"].task_spec == "do_it [child]"
    assert specs["do_it [child]"].bpmn_id == "do_it"


def test_a_signal_end_event_is_read_as_a_plain_one() -> None:
    drawing = _line("do_it")
    drawing.user("do_it")
    drawing.parts = [part for part in drawing.parts if "endEvent" not in part]
    drawing.raw('<endEvent id="end_case"><signalEventDefinition signalRef="stop"/></endEvent>')
    drawing.signals.add("stop")

    assert isinstance(_stock(drawing).spec.task_specs["end_case"].event_definition, NoneEventDefinition)


def test_a_condition_behind_a_task_has_no_effect() -> None:
    drawing = Drawing("main")
    drawing.start("begin_case")
    drawing.raw('<task id="do_it"/>')
    drawing.end("end_case")
    drawing.way("begin_case", "do_it")
    drawing.flow("do_it", "end_case", when="1 = 2")
    workflow = _stock(drawing)
    workflow.do_engine_steps()

    workflow.get_next_task(state=TaskState.READY).run()
    workflow.do_engine_steps()

    assert workflow.completed


def test_a_stock_round_gives_results_in_the_order_of_completion() -> None:
    drawing = _line("do_it")
    marks = each("members", output="results", output_item="result").replace("DataItem name=", "DataItem id=")
    drawing.user("do_it", many=marks)
    workflow = _stock(drawing)
    workflow.get_next_task(state=TaskState.READY).data["members"] = [0, 1]
    workflow.do_engine_steps()
    for task in reversed(workflow.get_tasks(state=TaskState.READY, manual=True)):
        task.data["result"] = task.data["member"]
        task.run()
        workflow.do_engine_steps()

    assert workflow.data["results"] == [1, 0]


def test_a_stock_event_that_does_not_interrupt_hears_only_the_first_message() -> None:
    drawing = _line("do_it")
    drawing.user("do_it")
    drawing.boundary("on_request", "do_it", message="request", cancel=False)
    drawing.user("answer_it")
    drawing.end("end_answer")
    drawing.way("on_request", "answer_it", "end_answer")
    workflow = _stock(drawing)
    workflow.do_engine_steps()

    for _ in range(3):
        workflow.catch(BpmnEvent(MessageEventDefinition("request"), {}))
        workflow.do_engine_steps()

    assert len(workflow.get_tasks(spec_name="answer_it", state=TaskState.READY)) == 1


def test_stock_events_are_told_apart_by_class_so_the_plain_message_is_not_heard() -> None:
    assert MessageEventDefinition("request") != PlainMessage("request")


def test_a_stock_message_waits_nowhere_when_nobody_hears_it() -> None:
    drawing = _line("do_it", "hear_it")
    drawing.user("do_it")
    drawing.catch("hear_it", message="request")
    workflow = _stock(drawing)
    workflow.do_engine_steps()
    workflow.catch(BpmnEvent(MessageEventDefinition("request"), {}))
    workflow.get_next_task(state=TaskState.READY, manual=True).run()
    workflow.do_engine_steps()

    assert not workflow.completed


def test_a_second_flow_out_of_a_task_is_refused_by_the_stock_parser() -> None:
    drawing = _line("do_it")
    drawing.user("do_it")
    drawing.end("end_other")
    drawing.way("do_it", "end_other")

    with pytest.raises(ValidationException):
        _stock(drawing)


def test_stock_conditions_are_python_so_ours_must_be_others() -> None:
    drawing = Drawing("main")
    drawing.start("begin_case")
    drawing.gate("choose")
    drawing.end("end_one")
    drawing.end("end_two")
    drawing.way("begin_case", "choose")
    drawing.flow("choose", "end_one", when="__import__('os').getpid() > 0")
    drawing.flow("choose", "end_two", default=True)
    workflow = _stock(drawing)

    workflow.do_engine_steps()

    assert workflow.last_task.task_spec.name == "End"
    assert workflow.get_tasks(spec_name="end_one", state=TaskState.COMPLETED)


def test_the_stock_service_call_hides_what_failed() -> None:
    assert "create_task_exec_exception(task, script, err)" in inspect.getsource(PythonScriptEngine.call_service)


def test_stock_tasks_have_random_ids_and_time_stamps() -> None:
    drawing = _line("do_it")
    drawing.user("do_it")
    first, second = _stock(drawing), _stock(drawing)

    assert isinstance(first.task_tree.id, UUID)
    assert first.task_tree.id != second.task_tree.id
    assert first.task_tree.last_state_change > 0


def test_a_finished_stock_task_can_be_run_again() -> None:
    drawing = _line("do_it")
    drawing.user("do_it")
    workflow = _stock(drawing)
    workflow.do_engine_steps()
    (task,) = workflow.get_tasks(state=TaskState.READY, manual=True)
    task.run()

    assert task.run() is True  # no guard: ours asks for the open token first


def test_stock_joins_trim_lists_when_they_merge() -> None:
    assert DeepMerge.merge({"a": [1, 2, 3]}, {"a": [9]}) != {"a": [1, 2, 3, 9]}


def test_sequential_forks_double_the_stock_tree() -> None:
    def size(count: int) -> int:
        drawing, at = Drawing("main"), "begin_case"
        drawing.start("begin_case")
        drawing.end("end_case")
        for number in range(count):
            drawing.gate(f"fork_{number}", "parallel")
            drawing.gate(f"join_{number}", "parallel")
            drawing.raw(f'<task id="left_{number}"/><task id="right_{number}"/>')
            drawing.way(at, f"fork_{number}", f"left_{number}", f"join_{number}")
            drawing.way(f"fork_{number}", f"right_{number}", f"join_{number}")
            at = f"join_{number}"
        drawing.way(at, "end_case")
        return len(_stock(drawing).tasks)

    assert size(6) > 1.8 * size(5) > 3 * size(4)


@pytest.mark.parametrize("name", ["_set_state", "_ready", "complete", "cancel", "run", "children", "parent"])
def test_what_our_tokens_take_over_or_rely_on_is_still_there(name: str) -> None:
    assert hasattr(Task, name)
