"""What a compiled bundle tells those who check and show it."""

from tests.engine.cases import Case
from tests.engine.drawing import Drawing, compiled, each
from workflow_service import engine


def _program() -> engine.Program:
    main, inner = Drawing("main"), Drawing("inner")
    main.start("begin_case", roles="clerk, applicant", name_en="Apply")
    main.gate("merge_here")
    main.user("apply_for", form="application", due="today()", article="13", name_en="Apply for it")
    main.gate("is_complex")
    main.call("call_inner", "inner")
    main.service("serve_it", who="apply_for.who")
    main.end("end_case")
    main.way("begin_case", "merge_here", "apply_for", "is_complex")
    main.flow("is_complex", "call_inner", when="apply_for.complex = true")
    main.flow("is_complex", "serve_it", default=True)
    main.way("call_inner", "end_case")
    main.way("serve_it", "end_case")
    inner.start("begin_inner")
    inner.user("evaluate", many=each("members"))
    inner.end("end_inner")
    inner.way("begin_inner", "evaluate", "end_inner")
    return compiled(main, inner)


def test_a_menu_entry_has_the_form_of_its_first_task() -> None:
    (entrance,) = _program().entrances

    assert (entrance.process, entrance.element, entrance.message) == ("main", "begin_case", "")
    assert (entrance.roles, entrance.form, entrance.first_task) == (("clerk", "applicant"), "application", "apply_for")


def test_elements_are_listed_with_what_pages_show() -> None:
    elements = {one.id: one for one in _program().elements("main")}

    task = elements["apply_for"]
    assert (task.kind, task.form, task.article, task.name_en) == ("userTask", "application", "13", "Apply for it")
    assert elements["call_inner"].kind == "callActivity"
    assert elements["is_complex"].form == ""
    assert "evaluate" not in elements


def test_every_expression_is_listed_with_its_place() -> None:
    found = {(one.process, one.element, one.use, one.source) for one in _program().expressions()}

    assert found == {
        ("main", "apply_for", "due", "today()"),
        ("main", "is_complex", "condition", "apply_for.complex = true"),
        ("main", "serve_it", "who", "apply_for.who"),
        ("inner", "evaluate", "collection", "members"),
    }


def test_called_processes_are_known() -> None:
    program = _program()

    assert program.called("main") == ["inner"]
    assert program.called("inner") == []


def test_a_node_that_no_token_can_reach_is_left_out() -> None:
    drawing = Drawing("main")
    drawing.start("begin_case")
    drawing.end("end_case")
    drawing.user("lonely_task")
    drawing.way("begin_case", "end_case")

    assert [one.id for one in compiled(drawing).elements("main")] == ["begin_case", "end_case"]


def test_one_program_serves_many_cases_without_mixing_them() -> None:
    program = _program()
    one, other = Case(program), Case(program)
    one.start("main")
    other.start("main")

    one.submit("r1.apply_for.1", complex=False, who="wu")
    other.submit("r1.apply_for.1", complex=False, who="li")

    assert other.open() == ["r1.serve_it.1"]
    assert [case.data()["apply_for"]["who"] for case in (one, other)] == ["wu", "li"]
