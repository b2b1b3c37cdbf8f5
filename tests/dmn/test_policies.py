"""Every hit policy: what comes out when no rule, one rule or several rules match."""

from decimal import Decimal
from typing import Any

import pytest

from tests.dmn import drawn
from workflow_service import dmn


def grades(policy: str, aggregation: str = "", output: str = "") -> dmn.Model:
    """Points from 0 to 100 in four overlapping rules."""
    rules = [
        drawn.rule(["< 60"], ["1"]),
        drawn.rule(["[50..80]"], ["3"]),
        drawn.rule(["[70..100]"], ["2"]),
        drawn.rule(["[95..100]"], ["2"]),
    ]
    columns = drawn.column("points", "number") + (output or drawn.output(values="3, 2, 1"))
    logic = drawn.table(policy, columns, rules, aggregation)
    return dmn.read(drawn.model(drawn.given("points", "number"), drawn.decision("grade", logic, inputs=["points"])))


@pytest.mark.parametrize(
    ("policy", "aggregation", "points", "expected"),
    [
        ("UNIQUE", "", 10, 1),  # one rule
        ("UNIQUE", "", 55, None),  # two rules are one too many
        ("UNIQUE", "", 101, None),  # none
        ("ANY", "", 97, 2),  # two rules with the same output
        ("ANY", "", 75, None),  # two rules that differ
        ("PRIORITY", "", 75, 3),  # the value listed first wins
        ("PRIORITY", "", 10, 1),
        ("FIRST", "", 55, 1),
        ("FIRST", "", 75, 3),
        ("RULE ORDER", "", 75, [3, 2]),
        ("RULE ORDER", "", 101, None),
        ("OUTPUT ORDER", "", 55, [3, 1]),
        ("COLLECT", "", 97, [2, 2]),
        ("COLLECT", "", 101, []),
        ("COLLECT", "SUM", 75, 5),
        ("COLLECT", "MIN", 75, 2),
        ("COLLECT", "MAX", 75, 3),
        ("COLLECT", "COUNT", 97, 2),
        ("COLLECT", "COUNT", 101, 0),
        ("COLLECT", "SUM", 101, None),
    ],
)
def test_a_policy_decides_among_the_rules_that_match(policy: str, aggregation: str, points: int, expected: Any) -> None:
    model = grades(policy, aggregation)

    assert model.decide("grade", {"points": points}) == expected


def test_a_default_comes_out_when_no_rule_matches() -> None:
    model = grades("UNIQUE", output=drawn.output(default="0"))

    assert model.decide("grade", {"points": 101}) == Decimal(0)


def test_several_outputs_make_a_context() -> None:
    columns = drawn.column("a") + drawn.output("fee", default="0") + drawn.output("lane name")
    logic = drawn.table("UNIQUE", columns, [drawn.rule(["1"], ["10", '"fast"'])])
    xml = drawn.model(
        drawn.given("a"),
        drawn.decision("fare", logic, inputs=["a"]),
        drawn.decision("lane", drawn.feel("fare.lane name"), needs=["fare"]),
    )

    model = dmn.read(xml)

    assert model.decide("fare", {"a": 1}) == {"fee": 10, "lane name": "fast"}
    assert model.decide("lane", {"a": 1}) == "fast"
    assert model.decide("fare", {"a": 2}) == {"fee": 0, "lane name": None}


def test_priority_looks_at_the_columns_from_left_to_right() -> None:
    columns = drawn.column("a") + drawn.output("x", values='"p", "q"') + drawn.output("y", values="2, 1")
    rules = [drawn.rule(["-"], ['"q"', "2"]), drawn.rule(["-"], ['"p"', "1"]), drawn.rule(["-"], ['"p"', "2"])]
    model = dmn.read(drawn.model(drawn.decision("d", drawn.table("PRIORITY", columns, rules))))

    assert model.decide("d", {"a": 0}) == {"x": "p", "y": 2}


def test_an_any_table_compares_all_outputs() -> None:
    columns = drawn.column("a") + drawn.output("x") + drawn.output("y")
    rules = [drawn.rule(["-"], ["1", "2"]), drawn.rule(["-"], ["1", "2"]), drawn.rule(["> 5"], ["1", "3"])]
    model = dmn.read(drawn.model(drawn.decision("d", drawn.table("ANY", columns, rules))))

    assert model.decide("d", {"a": 0}) == {"x": 1, "y": 2}
    assert model.decide("d", {"a": 6}) is None


@pytest.mark.parametrize(
    ("policy", "points", "kind", "words"),
    [("UNIQUE", 55, "unique", "规则 1、2 同时命中"), ("ANY", 75, "any", "规则 2、3")],
)
def test_a_broken_policy_names_the_rules(policy: str, points: int, kind: str, words: str) -> None:
    answer = grades(policy).decide_traced("grade", {"points": points})

    assert answer.value is None
    assert answer.failure is not None
    assert answer.failure.kind == kind
    assert words in answer.failure.message_zh
    assert "rules" in answer.failure.message_en


def test_an_input_outside_of_its_values_is_a_failure_and_no_silent_miss() -> None:
    logic = drawn.table("UNIQUE", drawn.column("a", values='"x", "y"') + drawn.output(), [drawn.rule(["-"], ["1"])])
    model = dmn.read(drawn.model(drawn.decision("d", logic)))

    assert model.decide("d", {"a": "x"}) == 1
    answer = model.decide_traced("d", {"a": "z"})
    assert answer.value is None
    assert answer.failure is not None
    assert answer.failure.kind == "input"


def test_an_output_of_another_type_than_its_column_is_null() -> None:
    logic = drawn.table("FIRST", drawn.column("a") + drawn.output(type_ref="number"), [drawn.rule(["-"], ['"ten"'])])
    answer = dmn.read(drawn.model(drawn.decision("d", logic))).decide_traced("d", {"a": 1})

    assert answer.value is None
    assert "规则 1" in answer.problems[0].message


def test_cells_may_name_other_data_and_the_tested_value() -> None:
    rules = [drawn.rule(["? > limit"], ['"over"']), drawn.rule(["not(> limit)"], ['"within"'])]
    logic = drawn.table("UNIQUE", drawn.column("amount") + drawn.output(), rules)
    parts = [drawn.given("amount"), drawn.given("limit"), drawn.decision("d", logic, inputs=["amount", "limit"])]
    model = dmn.read(drawn.model(*parts))

    assert model.decide("d", {"amount": 5, "limit": 4}) == "over"
    assert model.decide("d", {"amount": 4, "limit": 4}) == "within"


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({"a": 1, "b": 2}, ["both"]),
        ({"a": 1, "b": 3}, ["not both"]),
        ({"a": 2, "b": None}, ["not both"]),  # false whatever b is
        ({"a": 1, "b": None}, ["not both"]),  # nothing equals null
        ({"a": 1, "b": "x"}, ["not both"]),  # kinds that can't be compared give null, and true is not null
    ],
)
def test_a_whole_condition_in_a_cell_is_matched_with_true_or_false(facts: dict[str, Any], expected: list[str]) -> None:
    columns = drawn.column("true", "boolean") + drawn.output()
    rules = [drawn.rule(["a = 1 and b = 2"], ['"both"']), drawn.rule(["not(a = 1 and b = 2)"], ['"not both"'])]
    parts = [
        drawn.given("a"),
        drawn.given("b"),
        drawn.decision("d", drawn.table("COLLECT", columns, rules), inputs=["a", "b"]),
    ]

    assert dmn.read(drawn.model(*parts)).decide("d", facts) == expected
