"""Diagrams with something deleted, doubled, swapped or garbled: a finding with a place, or a program that runs; never a crash."""

import random
from copy import deepcopy

import pytest
from lxml import etree

from tests.engine.cases import Case
from tests.engine.drawing import Drawing, compiled, each
from workflow_service import engine
from workflow_service.errors import BadBundle, CannotAdvance, Conflict


def _rich() -> bytes:
    inner = Drawing("inner")
    inner.start("begin_inner")
    inner.user("draft_it", due="today()")
    inner.end("end_inner", error="ERR_X")
    inner.way("begin_inner", "draft_it", "end_inner")
    drawing = Drawing("main")
    drawing.start("begin_case", roles="clerk")
    drawing.gate("merge")
    drawing.user("fill_in", set="{members: [1, 2]}", publish="{title: fill_in.a}")
    drawing.gate("choose")
    drawing.gate("fork", "parallel")
    drawing.gate("join", "parallel")
    drawing.user("evaluate", many=each("members", output="all", output_item="evaluate"))
    drawing.service("serve_it", what="members", result="served")
    drawing.sub("inside", inner)
    drawing.boundary("on_error", "inside", error="ERR_X")
    drawing.boundary("on_late", "inside", timer="end of day(today())", cancel=False)
    drawing.throw("tell", message="m", payload="{key: 1}")
    drawing.gate("race", "eventBased")
    drawing.catch("hear", message="n", variable="heard")
    drawing.catch("wait", timer="now()")
    for name in ("end_case", "end_late", "end_error", "end_wait"):
        drawing.end(name)
    drawing.way("begin_case", "merge", "fill_in", "choose")
    drawing.flow("choose", "merge", when="fill_in.a = 1")
    drawing.flow("choose", "fork", default=True)
    drawing.way("fork", "evaluate", "join")
    drawing.way("fork", "serve_it", "join", "inside", "tell", "race", "hear", "end_case")
    drawing.way("race", "wait", "end_wait")
    drawing.way("on_error", "end_error")
    drawing.way("on_late", "end_late")
    return drawing.xml()


def _mutant(seed: int) -> bytes:
    dice = random.Random(seed)
    root = etree.fromstring(_rich())
    for _ in range(dice.randint(1, 3)):
        elements = [one for one in root.iter() if one.getparent() is not None]
        one = dice.choice(elements)
        other = dice.choice(elements)
        kind = dice.randrange(6)
        if kind == 0:
            one.getparent().remove(one)
        elif kind == 1:
            one.getparent().append(deepcopy(one))
        elif kind == 2 and other not in one.iterancestors() and one is not other:
            other.append(deepcopy(one))
        elif kind == 3 and one.attrib:
            name = dice.choice(list(one.attrib))
            one.set(
                name,
                dice.choice(
                    ["", "x", "End", "merge", "𠮷", "a b", "\u202e", "-1", *(list(other.attrib.values()) or ["y"])]
                ),
            )
        elif kind == 4 and one.attrib:
            del one.attrib[dice.choice(list(one.attrib))]
        else:
            one.tag = other.tag
    return etree.tostring(root)


@pytest.mark.parametrize("seed", range(150))
def test_a_mutant_is_refused_with_a_place_or_runs(seed: int) -> None:
    data = _mutant(seed)
    try:
        program = engine.compile_program({"main.bpmn": data}, lambda name, inputs, env: None)
    except BadBundle as bad:
        assert bad.findings
        assert all(one.rule and one.message and one.message_en and one.file == "main.bpmn" for one in bad.findings)
        return
    for process in program.process_names:
        _run(program, process)


def _run(program: engine.Program, process: str) -> None:
    case = Case(program, fresh=True)
    try:
        case.start(process, members=[1], fill_in={"a": 2})
        for _ in range(6):
            waiting = engine.pending(program, case.family)
            if waiting.tasks:
                case.submit(str(waiting.tasks[0].at), a=2)
            elif waiting.calls:
                case.give(str(waiting.calls[0].at))
    except (CannotAdvance, Conflict):
        return


def test_the_diagram_that_is_mutated_is_itself_sound() -> None:
    assert engine.compile_program({"main.bpmn": _rich()}, lambda name, inputs, env: None).process_names == {
        "main": "main"
    }


def test_a_program_has_no_state_of_its_own() -> None:
    drawing = Drawing("main")
    drawing.start("begin_case")
    drawing.user("fill_in", many=each("members"))
    drawing.end("end_case")
    drawing.way("begin_case", "fill_in", "end_case")
    program = compiled(drawing)
    before = sorted(program.specs["main"].task_specs)

    for _ in range(3):
        Case(program).start("main", members=[1, 2])

    assert sorted(program.specs["main"].task_specs) == before
