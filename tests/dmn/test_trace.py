"""The trace of a decision: what was looked at, which rules matched, and on which article they rest."""

import json

import pytest

from tests.dmn import drawn
from workflow_service import dmn, feel

RULES = [
    drawn.rule(["true", "-"], ['"panel"'], "15(1)"),
    drawn.rule(["false", "< 100"], ['"simple"'], "14(1)"),
    drawn.rule(["false", ">= 100"], ['"standard"'], "13"),
]
MODEL = dmn.read(
    drawn.model(
        drawn.given("complex", "boolean"),
        drawn.given("amount", "number"),
        drawn.decision(
            "路径",
            drawn.table(
                "UNIQUE", drawn.column("complex") + drawn.column("amount", label="金额") + drawn.output(), RULES
            ),
            inputs=["complex", "amount"],
        ),
        drawn.decision("letter", drawn.feel('"via " + 路径'), needs=["路径"]),
    )
)


def test_a_trace_names_the_rule_and_its_article() -> None:
    answer = MODEL.decide_traced("letter", {"complex": False, "amount": 7})

    first, second = answer.decisions
    assert answer.value == "via simple"
    assert first.inputs == {"complex": False, "amount": 7}
    assert first.tables[0].inputs == {"complex": False, "金额": 7}
    assert [(rule.number, rule.article) for rule in first.tables[0].rules] == [(2, "14(1)")]
    assert answer.articles == ("14(1)",)
    assert second.inputs == {"路径": "simple"}


@pytest.mark.parametrize("facts", [{}, {"a": None}, {"a": "yes"}, {"a": "zoo"}, {"a": 3}, None, "no context"])
@pytest.mark.parametrize("order", ["=", "!=", "<", "<=", ">", ">="])
def test_a_decision_is_the_same_whether_somebody_asks_why_or_not(order: str, facts: object) -> None:
    tests = [f'facts.a {order} "yes"', f'not(facts.a {order} "yes")', f'(facts.a {order} "yes") = null']
    rules = [drawn.rule([test], [f'"{number}"']) for number, test in enumerate(tests)]
    table = drawn.table("COLLECT", drawn.column("true", "boolean") + drawn.output(), rules)
    model = dmn.read(drawn.model(drawn.given("facts"), drawn.decision("found", table, inputs=["facts"])))

    plain, asked = model.decide("found", {"facts": facts}), model.decide_traced("found", {"facts": facts})

    assert plain == asked.value
    assert plain


def test_a_trace_is_json() -> None:
    answer = MODEL.decide_traced("letter", {"complex": True, "amount": None})

    data = json.loads(json.dumps(answer.to_json(), ensure_ascii=False))

    assert data["value"] == "via panel"
    assert data["decisions"][0]["tables"][0]["rules"][0]["annotations"] == {"依据": "15(1)"}
    assert data["failure"] is None


def test_a_trace_says_why_something_is_null() -> None:
    answer = MODEL.decide_traced("路径", {"complex": None, "amount": 7})

    assert answer.value is None
    assert any("没有规则命中" in problem.message for problem in answer.problems)


def test_problems_carry_their_place_to_the_caller() -> None:
    xml = drawn.model(
        drawn.decision(
            "d", drawn.table("FIRST", drawn.column("a", label="甲") + drawn.output(), [drawn.rule(["-"], ['1 + "x"'])])
        )
    )
    told: list[feel.Problem] = []

    answer = dmn.read(xml).decide_traced("d", {"a": 1}, feel.Env(problems=told))

    assert (answer.problems[0].rule, answer.problems[0].element) == (1, "t")
    assert "规则 1" in told[0].zh
    assert "rule 1" in told[0].en


def test_a_failure_is_in_the_json_in_both_languages() -> None:
    rules = [drawn.rule(["-"], ["1"]), drawn.rule(["> 0"], ["2"])]
    model = dmn.read(drawn.model(drawn.decision("d", drawn.table("UNIQUE", drawn.column("a") + drawn.output(), rules))))

    failure = model.decide_traced("d", {"a": 1}).to_json()["failure"]

    assert "规则 1、2" in failure["message"]
    assert "rules 1, 2" in failure["message_en"]
