"""Checks before use: every fault is found, named with its cell, and given a remedy in both languages."""

from collections.abc import Mapping, Sequence

import pytest

from tests.dmn import drawn
from workflow_service import dmn


def check_table(
    policy: str,
    columns: str,
    rules: Sequence[str],
    *,
    types: Sequence[str] = (),
    inputs: Mapping[str, str] | None = None,
) -> list[dmn.Finding]:
    """The findings of one table over the inputs that its decision draws on."""
    inputs = inputs or {"amount": "number"}
    drawings = [drawn.given(name, of) for name, of in inputs.items()]
    decision = drawn.decision("路径", drawn.table(policy, columns, rules), inputs=list(inputs))
    return dmn.check(drawn.model(*types, *drawings, decision), file="route.dmn")


AMOUNT = drawn.column("amount", "number", label="金额") + drawn.output("path", "string")

# Five wrong tables: rules, the finding's code, its cell, and a word of each text and remedy.
WRONG = [
    (
        "syntax",
        ["< 10", ">= 10 10"],
        ['"a"', '"b"'],
        "dmn-syntax",
        (2, "金额"),
        "应已结束",
        "expected the end",
        "改正",
        "correct the expression",
    ),
    (
        "unknown name",
        ["< amout", "-"],
        ['"a"', '"b"'],
        "dmn-name",
        (1, "金额"),
        "“amount”",
        "'amount'",
        "改为“amount”",
        "amount",
    ),
    (
        "wrong type",
        ['"low"', ">= 10"],
        ['"a"', '"b"'],
        "dmn-type",
        (1, "金额"),
        "不能比较",
        "can't be compared",
        "类型一致",
        "type",
    ),
    (
        "overlap",
        ["<= 10", ">= 10"],
        ['"a"', '"b"'],
        "dmn-overlap",
        (2, "金额"),
        "规则 1 与规则 2",
        "rules 1 and 2",
        "互斥",
        "exclude each other",
    ),
    (
        "wrong output",
        ["< 10", ">= 10"],
        ['"a"', "2"],
        "dmn-type",
        (2, "path"),
        "number",
        "number",
        "双引号",
        "double quotes",
    ),
]


@pytest.mark.parametrize(
    ("name", "tests", "outputs", "code", "cell", "zh", "en", "fix", "fix_en"), WRONG, ids=[row[0] for row in WRONG]
)
def test_a_wrong_table_is_told_with_cell_and_remedy(
    name: str,
    tests: list[str],
    outputs: list[str],
    code: str,
    cell: tuple[int, str],
    zh: str,
    en: str,
    fix: str,
    fix_en: str,
) -> None:
    rules = [drawn.rule([test], [output]) for test, output in zip(tests, outputs, strict=True)]

    found = [one for one in check_table("UNIQUE", AMOUNT, rules) if one.rule == code]

    assert len(found) == 1
    assert (found[0].row, found[0].column) == cell
    assert f"规则 {cell[0]}，列“{cell[1]}”" in found[0].message
    assert f"rule {cell[0]}, column '{cell[1]}'" in found[0].message_en
    assert zh in found[0].message
    assert en in found[0].message_en
    assert fix in found[0].fix
    assert fix_en in found[0].fix_en
    assert found[0].file == "route.dmn"
    assert found[0].line > 0
    assert found[0].severity == "error"


def test_a_sound_table_has_no_findings() -> None:
    rules = [drawn.rule(["< 10"], ['"a"']), drawn.rule(["[10..20]"], ['"b"']), drawn.rule(["> 20"], ['"c"'])]

    assert check_table("UNIQUE", AMOUNT, rules) == []


@pytest.mark.parametrize(
    ("tests", "zh", "en"),
    [
        (["< 10", "> 10"], "“金额”为 10 ", "'金额' is 10"),  # the point between
        (["< 10", "[10..20)"], "“金额”为 ≥ 20 ", "is ≥ 20"),
        (["not(5)"], "“金额”为 5 ", "is 5"),
        (["< 1", "> 2"], "≥ 1，≤ 2", "≥ 1 and ≤ 2"),
    ],
)
def test_a_missing_rule_is_told_with_the_case_it_leaves_out(tests: list[str], zh: str, en: str) -> None:
    found = check_table("UNIQUE", AMOUNT, [drawn.rule([test], ['"x"']) for test in tests])

    assert [one.rule for one in found] == ["dmn-gap"]
    assert found[0].severity == "warning"
    assert zh in found[0].message
    assert en in found[0].message_en
    assert "增加" in found[0].fix


def test_a_default_output_closes_every_gap() -> None:
    columns = drawn.column("amount") + drawn.output("path", default='"none"')

    assert check_table("UNIQUE", columns, [drawn.rule(["< 10"], ['"x"'])]) == []


def test_gaps_are_found_across_columns() -> None:
    columns = drawn.column("urgent", "boolean") + drawn.column("kind", "tKind") + drawn.output()
    kind = drawn.item("tKind", "string", allowed='"a", "b", "c"')
    rules = [drawn.rule(["true", "-"], ["1"]), drawn.rule(["false", '"a", "b"'], ["2"])]

    found = check_table("UNIQUE", columns, rules, types=[kind], inputs={"urgent": "boolean", "kind": "tKind"})

    assert [one.rule for one in found] == ["dmn-gap"]
    assert '“urgent”为 false 且“kind”为 "c"' in found[0].message


def test_allowed_values_of_an_input_close_the_world() -> None:
    columns = drawn.column("kind") + drawn.output()
    kind = drawn.item("tKind", "string", allowed='"a", "b"')
    rules = [drawn.rule(['"a"'], ["1"]), drawn.rule(['"b"'], ["2"])]

    assert check_table("UNIQUE", columns, rules, types=[kind], inputs={"kind": "tKind"}) == []


def test_a_value_that_is_not_allowed_makes_its_rule_unreachable() -> None:
    columns = drawn.column("kind", label="种类") + drawn.output()
    kind = drawn.item("tKind", "string", allowed='"a", "b"')
    rules = [drawn.rule(["-"], ["1"]), drawn.rule(['"z"'], ["2"])]

    found = check_table("FIRST", columns, rules, types=[kind], inputs={"kind": "tKind"})

    assert [(one.rule, one.row, one.column) for one in found] == [("dmn-unreachable", 2, "种类")]
    assert "永远不会命中" in found[0].message


def test_a_rule_behind_earlier_ones_is_unreachable() -> None:
    rules = [drawn.rule(["< 10"], ['"a"']), drawn.rule([">= 10"], ['"b"']), drawn.rule(["[5..15]"], ['"c"'])]

    found = check_table("FIRST", AMOUNT, rules)

    assert [(one.rule, one.row) for one in found] == [("dmn-unreachable", 3)]
    assert "规则 1、2" in found[0].message
    assert "rules 1, 2" in found[0].message_en
    assert "规则 3 移到规则 1 之前" in found[0].fix


def test_overlap_is_no_fault_where_the_policy_allows_it() -> None:
    rules = [drawn.rule(["< 10"], ['"a"']), drawn.rule(["-"], ['"b"'])]

    assert check_table("FIRST", AMOUNT, rules) == []
    assert check_table("COLLECT", AMOUNT, rules) == []


def test_any_allows_overlap_with_equal_outputs_alone() -> None:
    same = [drawn.rule(["<= 10"], ['"a"']), drawn.rule([">= 10"], ['"a"'])]
    other = [drawn.rule(["<= 10"], ['"a"']), drawn.rule([">= 10"], ['"b"'])]

    assert check_table("ANY", AMOUNT, same) == []
    found = check_table("ANY", AMOUNT, other)
    assert [one.rule for one in found] == ["dmn-any"]
    assert "规则 1 与规则 2" in found[0].message
    assert "“金额”为 10 " in found[0].message


def test_an_interval_that_ends_before_it_starts_never_matches() -> None:
    found = check_table("FIRST", AMOUNT, [drawn.rule(["[20..10]"], ['"a"']), drawn.rule(["-"], ['"b"'])])

    assert [(one.rule, one.row, one.column) for one in found] == [("dmn-unreachable", 1, "金额")]


@pytest.mark.parametrize(
    ("of", "tests"),
    [
        ("date", ['< date("2026-01-01")', '>= date("2026-01-01")']),
        ("dayTimeDuration", ['< duration("P1D")', '>= @"P1D"']),
        ("string", ['"a"', 'not("a")']),
        ("string", ['< "m"', '>= "m"']),
        ("boolean", ["true", "false"]),
        ("number", ["? < 5 or ? > 7", "between5", "7"]),
        ("number", ["in5", "not([1..5])"]),
    ],
)
def test_every_kind_of_value_is_cut_exactly(of: str, tests: list[str]) -> None:
    spelled = {"between5": "? >= 5 and ? < 7", "in5": "? in [1..5]"}
    rules = [drawn.rule([spelled.get(test, test)], ["1"]) for test in tests]

    found = check_table("UNIQUE", drawn.column("v", of) + drawn.output(), rules, inputs={"v": of})

    assert found == []


def test_cells_that_ask_for_other_data_are_not_guessed_about() -> None:
    columns = drawn.column("amount") + drawn.output()
    rules = [drawn.rule(["> limit"], ["1"]), drawn.rule(["<= 5"], ["2"])]

    assert check_table("UNIQUE", columns, rules, inputs={"amount": "number", "limit": "number"}) == []


def test_names_are_checked_in_every_box() -> None:
    people = drawn.item("tPerson", parts=drawn.component("age", "number"))
    logic = f"<context>{drawn.entry('n', drawn.feel('person.agee + 1'))}{drawn.entry('', drawn.feel('n + ' + chr(34) + 'x' + chr(34)))}</context>"
    xml = drawn.model(people, drawn.given("person", "tPerson"), drawn.decision("d", logic, inputs=["person"]))

    found = dmn.check(xml)

    assert [one.rule for one in found] == ["dmn-name"]
    assert "“age”" in found[0].message
    assert "条目“n”" in found[0].message


def test_an_input_that_nothing_provides_is_named_with_the_nearest_one() -> None:
    xml = drawn.model(drawn.given("amont"), drawn.decision("d", drawn.feel("amont"), inputs=["amont"]))

    found = dmn.check(xml, ["amount", "place"])

    assert [one.rule for one in found] == ["dmn-input"]
    assert "“amount”" in found[0].message
    assert dmn.check(xml, {"amont": "number"}) == []


def test_given_types_are_used_where_the_model_has_none() -> None:
    xml = drawn.model(drawn.given("amount"), drawn.decision("d", drawn.feel('amount + "x"'), inputs=["amount"]))

    assert dmn.check(xml) == []
    assert [one.rule for one in dmn.check(xml, {"amount": "number"})] == ["dmn-type"]


def test_a_file_that_cannot_be_read_is_one_finding() -> None:
    found = dmn.check(b"<x/>", file="x.dmn")

    assert [(one.rule, one.file, one.severity) for one in found] == [("dmn-read", "x.dmn", "error")]


def test_an_unknown_type_and_a_lost_reference_are_named() -> None:
    xml = drawn.model(drawn.decision("d", drawn.feel("1"), needs=["gone"], type_ref="tGone"))

    found = dmn.check(xml)

    assert {one.rule for one in found} == {"dmn-read", "dmn-type"}
    assert any("gone" in one.message for one in found)
    assert any("tGone" in one.message for one in found)


def test_a_table_too_large_to_look_through_says_so() -> None:
    columns = "".join(drawn.column(f"c{at}", "number") for at in range(14)) + drawn.output()
    rules = [
        drawn.rule([f"not({row + at})" if (row + at) % 3 else "-" for at in range(14)], ["1"]) for row in range(40)
    ]
    inputs = {f"c{at}": "number" for at in range(14)}

    found = check_table("PRIORITY", columns, rules, inputs=inputs)

    assert [(one.rule, one.severity) for one in found] == [("dmn-size", "info")]
    assert "太大" in found[0].message


def test_a_gap_of_many_pieces_is_told_by_what_is_covered() -> None:
    found = check_table("UNIQUE", AMOUNT, [drawn.rule([str(at)], ['"x"']) for at in range(4)])

    assert "“金额”为 0、1、2、3 以外的值" in found[0].message
    assert "anything but 0, 1, 2, 3" in found[0].message_en


def test_an_output_outside_of_its_columns_values_is_named() -> None:
    columns = drawn.column("amount", label="金额") + drawn.output("path", "string", values='"a", "b"')
    rules = [drawn.rule(["< 5"], ['"a"']), drawn.rule([">= 5"], ['"c"'])]

    found = check_table("UNIQUE", columns, rules)

    assert [(one.rule, one.row, one.column) for one in found] == [("dmn-value", 2, "path")]
    assert '"a", "b"' in found[0].fix


def test_a_table_that_is_drawn_wrongly_is_named_beside_the_other_findings() -> None:
    xml = drawn.model(
        drawn.decision("t", drawn.table("BEST", drawn.output(), [])), drawn.decision("d", drawn.feel("1 +"))
    )

    assert [(one.rule, one.element) for one in dmn.check(xml)] == [("dmn-read", "t"), ("dmn-syntax", "d")]
