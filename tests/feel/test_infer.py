"""Types are told, and faults found, before anything runs."""

import pytest

from workflow_service import feel
from workflow_service.feel import types

NAMES: dict[str, types.Type] = {
    "amount": types.NUMBER,
    "状态": types.STRING,
    "due": types.DATE,
    "order": types.ContextType((("total", types.NUMBER), ("items", types.ListType(types.ContextType(()))))),
    "numbers": types.ListType(types.NUMBER),
    "anything": types.ANY,
}


@pytest.mark.parametrize(
    ("expression", "text"),
    [
        ("amount + 1", "number"),
        ("amount > 1 and 状态 = null", "boolean"),
        ('due - @"2026-01-01"', "days and time duration"),
        ('due + @"P1D"', "date"),
        ('@"P1Y" * 2', "years and months duration"),
        ('@"P1Y" / @"P1M"', "number"),
        ("order.total", "number"),
        ("order.items", "list<context<>>"),
        ("numbers[1]", "number"),
        ("numbers[item > 1]", "list<number>"),
        ("for n in numbers return string(n)", "list<string>"),
        ("if anything then 1 else null", "number"),
        ('if anything then 1 else "a"', "Any"),
        ("{a: 1, b: [a]}", "context<a: number, b: list<number>>"),
        ("[1..2].start", "number"),
        ("function(a: number) a + 1", "function<number> -> number"),
        ("min(numbers)", "number"),
        ("sort(numbers)", "list<number>"),
        ("due.year", "number"),
        ("today()", "date"),
        ("amount instance of number", "boolean"),
    ],
)
def test_the_type_is_told(expression: str, text: str) -> None:
    compiled = feel.compile(expression, NAMES)

    found, findings = feel.infer(compiled.ast, NAMES, expression)

    assert (str(found), findings) == (text, [])


@pytest.mark.parametrize(
    ("expression", "code", "position", "nearest"),
    [
        ("amout > 1", "unknown-name", (1, 1), "amount"),
        ("order.totl", "unknown-name", (1, 6), "total"),
        ("cuont(numbers)", "unknown-name", (1, 1), "count"),
        # full-width signs are letters to FEEL
        ("amount＞1", "unknown-name", (1, 1), "amount"),
        ("no such thing at all", "unknown-name", (1, 1), None),
        ("amount + 状态", "wrong-type", (1, 8), None),
        ("amount = 状态", "wrong-type", (1, 8), None),
        ("amount in (1, 状态)", "wrong-type", (1, 15), None),
        ("amount between 1 and 状态", "wrong-type", (1, 8), None),
        ("amount and true", "wrong-type", (1, 1), None),
        ("if amount then 1 else 2", "wrong-type", (1, 4), None),
        ("upper case(amount)", "wrong-type", (1, 11), None),
        ("upper case()", "wrong-type", (1, 11), None),
        ("due.hour", "wrong-type", (1, 4), None),
        ("-状态", "wrong-type", (1, 1), None),
        ("amount(1)", "wrong-type", (1, 7), None),
        ('@"2026-13-01"', "wrong-type", (1, 1), None),
        ('[1.."a"]', "wrong-type", (1, 1), None),
    ],
)
def test_a_fault_is_found(expression: str, code: str, position: tuple[int, int], nearest: str | None) -> None:
    compiled = feel.compile(expression, [*NAMES, "no such thing at all"])

    finding = feel.infer(compiled.ast, NAMES, expression)[1][0]

    assert (finding.code, finding.position, finding.nearest) == (code, position, nearest)
    assert finding.zh != finding.en


@pytest.mark.parametrize(
    "expression",
    [
        "anything + 1",
        "anything.x.y",
        "order.items[price > 1]",
        "null + null = 1 or true",
        "anything(1)",
        "[1, anything]",
    ],
)
def test_what_cannot_be_told_is_let_through(expression: str) -> None:
    findings = feel.infer(feel.compile(expression, NAMES).ast, NAMES, expression)[1]

    assert [finding for finding in findings if finding.code == "unknown-name"] == []


@pytest.mark.parametrize(
    ("tests", "count"),
    [('> 5, "a"', 1), ("[1..5], 7", 0), ('["a".."b"]', 1), ("? > 状态", 1), ("-", 0), ("not(5)", 0), ("[1, 2]", 0)],
)
def test_the_tests_of_a_cell_are_compared_with_its_column(tests: str, count: int) -> None:
    findings = feel.infer(feel.compile_unary(tests, NAMES).ast, NAMES, tests, tested=types.NUMBER)[1]

    assert len(findings) == count
