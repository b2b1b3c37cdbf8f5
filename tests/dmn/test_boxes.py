"""Boxed expressions: each kind with what it gives and what it gives when something is wrong."""

from typing import Any

import pytest

from tests.dmn import drawn
from workflow_service import dmn


def value(logic: str, given: dict[str, Any] | None = None, type_ref: str = "") -> Any:
    return dmn.read(drawn.model(drawn.decision("d", logic, type_ref=type_ref))).decide("d", given or {})


def test_a_context_sees_its_earlier_entries_and_may_have_a_result() -> None:
    rows = drawn.entry("net price", drawn.feel("100")) + drawn.entry("tax", drawn.feel("net price * 0.13"))

    assert value(f"<context>{rows}</context>") == {"net price": 100, "tax": 13}
    assert value(f"<context>{rows}{drawn.entry('', drawn.feel('net price + tax'))}</context>") == 113


def test_a_context_entry_of_the_wrong_type_is_null() -> None:
    rows = drawn.entry("n", drawn.feel('"text"'), "number")

    assert value(f"<context>{rows}</context>") == {"n": None}


def test_a_list_and_a_relation_keep_their_order() -> None:
    assert value(f"<list>{drawn.feel('1')}{drawn.feel('2')}</list>") == [1, 2]
    columns = drawn.variable("name", tag="column") + drawn.variable("age", tag="column")
    rows = f"<row>{drawn.feel(chr(34) + 'A' + chr(34))}{drawn.feel('1')}</row><row>{drawn.feel('null')}{drawn.feel('2')}</row>"
    assert value(f"<relation>{columns}{rows}</relation>") == [{"name": "A", "age": 1}, {"name": None, "age": 2}]


@pytest.mark.parametrize(("given", "expected"), [(True, "yes"), (False, "no"), (None, "no")])
def test_a_conditional_takes_its_else_unless_the_condition_is_true(given: bool | None, expected: str) -> None:
    logic = f"<conditional><if>{drawn.feel('a')}</if><then>{drawn.feel(chr(34) + 'yes' + chr(34))}</then><else>{drawn.feel(chr(34) + 'no' + chr(34))}</else></conditional>"

    assert value(logic, {"a": given}) == expected


def test_a_filter_sees_the_item_and_its_entries() -> None:
    people = '[{age: 30, name: "A"}, {age: 10, name: "B"}]'

    def chosen(source: str, match: str) -> Any:
        return value(f"<filter><in>{drawn.feel(source)}</in><match>{drawn.feel(match)}</match></filter>")

    assert chosen(people, "age > 18") == [{"age": 30, "name": "A"}]
    assert chosen(people, 'item.name = "B"') == [{"age": 10, "name": "B"}]
    assert chosen("[1, 2, 3]", "item >= 2") == [2, 3]


@pytest.mark.parametrize(
    ("word", "body", "source", "expected"),
    [
        ("for", "n * n", "[1, 2, 3]", [1, 4, 9]),
        ("for", "n + count(partial)", "[5, 5, 5]", [5, 6, 7]),  # the results so far are in reach
        ("for", "n", "7", [7]),  # a single value is a list of one
        ("some", "n > 2", "[1, 2, 3]", True),
        ("some", "n > 3", "[1, 2, 3]", False),
        ("every", "n > 0", "[1, 2, 3]", True),
        ("every", "n > 1", "[1, 2, 3]", False),
        ("every", '"text"', "[1]", None),  # no answer is no yes
        ("for", "n", "null", None),
    ],
)
def test_an_iterator_goes_through_a_list(word: str, body: str, source: str, expected: Any) -> None:
    tag = "return" if word == "for" else "satisfies"
    inner = f"<in>{drawn.feel(source)}</in><{tag}>{drawn.feel(body)}</{tag}>"

    assert value(f'<{word} iteratorVariable="n">{inner}</{word}>') == expected


def test_a_function_is_a_value_that_can_be_called_by_name() -> None:
    function = f"<functionDefinition>{drawn.param('a', 'number')}{drawn.param('b', 'number')}{drawn.feel('a - b')}</functionDefinition>"
    rows = drawn.entry("minus", function) + drawn.entry(
        "", drawn.feel('[minus(5, 3), minus(b: 5, a: 3), minus(1, "x")]')
    )

    assert value(f"<context>{rows}</context>") == [2, -2, None]


def test_an_invocation_binds_its_arguments_by_name() -> None:
    double = drawn.knowledge("double it", drawn.param("n", "number"), drawn.feel("n * 2"))

    def called(name: str, argument: str) -> Any:
        binding = f"<binding>{drawn.variable(name, tag='parameter')}{drawn.feel(argument)}</binding>"
        logic = f"<invocation>{drawn.feel('double it')}{binding}</invocation>"
        return dmn.read(drawn.model(double, drawn.decision("d", logic, knows=["double it"]))).decide("d", {})

    assert called("n", "21") == 42
    assert called("m", "21") is None
    assert called("n", '"x"') is None


def test_functions_in_other_languages_are_refused_with_a_reason() -> None:
    logic = f"<context>{drawn.entry('f', f'<functionDefinition kind={chr(34)}Java{chr(34)}><context/></functionDefinition>')}{drawn.entry('', drawn.feel('f()'))}</context>"
    model = dmn.read(drawn.model(drawn.decision("d", logic)))

    assert model.decide("d", {}) is None
    assert "只执行 FEEL" in model.faults[0].message_zh
    assert "Java" in model.faults[0].message_en


def test_a_decision_without_logic_is_null() -> None:
    assert value("") is None
