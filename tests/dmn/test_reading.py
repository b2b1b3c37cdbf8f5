"""Reading a file: every version of DMN is read, and nothing in a file can reach outside or grow without bound."""

import pytest

from tests.dmn import drawn
from workflow_service import dmn, feel
from workflow_service.dmn import document

DECISION = drawn.decision("d", drawn.feel("1 + 1"))


@pytest.mark.parametrize("namespace", document.NAMESPACES)
def test_every_version_of_dmn_is_read(namespace: str) -> None:
    assert dmn.read(drawn.model(DECISION, namespace=namespace)).decide("d", {}) == 2


def deep(levels: int) -> str:
    logic = drawn.feel("1")
    for _ in range(levels):
        logic = f"<list>{logic}</list>"
    return drawn.decision("d", logic)


ATTACKS = {
    "file entity": drawn.model(DECISION, declarations='<!DOCTYPE d [<!ENTITY x SYSTEM "file:///etc/hostname">]>'),
    "billion laughs": drawn.model(DECISION, declarations='<!DOCTYPE d [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]>'),
    "remote dtd": drawn.model(DECISION, declarations='<!DOCTYPE d SYSTEM "http://127.0.0.1:9/x.dtd">'),
    "lower case": drawn.model(DECISION, declarations='<!doctype d [<!entity x "y">]>'),
    "utf-16": drawn.model(DECISION, declarations='<!DOCTYPE d [<!ENTITY x "y">]>')
    .decode()
    .replace("UTF-8", "UTF-16")
    .encode("utf-16"),
    "too long": b"<!--" + b" " * document.BYTES + b"-->",
    "too many elements": drawn.model("<description/>" * (document.ELEMENTS + 1)),
    "too deep": drawn.model(deep(70)),
    "no xml": b"decision = 1",
    "empty": b"",
    "another root": b'<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL"/>',
}


@pytest.mark.parametrize("attack", ATTACKS)
def test_a_dangerous_or_foreign_file_is_refused(attack: str) -> None:
    with pytest.raises(dmn.DmnError) as refused:
        dmn.read(ATTACKS[attack])

    assert refused.value.message_zh
    assert refused.value.message_en


def test_comments_and_cdata_do_not_change_an_expression() -> None:
    text = "<literalExpression><text>1 <!-- one --> + <![CDATA[2]]></text></literalExpression>"

    assert dmn.read(drawn.model(drawn.decision("d", text))).decide("d", {}) == 3


def test_an_id_that_stands_twice_is_refused() -> None:
    with pytest.raises(dmn.DmnError) as refused:
        dmn.read(drawn.model(DECISION, DECISION))

    assert refused.value.element == "d"
    assert refused.value.line > 0


def test_a_rule_with_too_few_cells_is_named() -> None:
    logic = drawn.table("UNIQUE", drawn.column("a") + drawn.column("b") + drawn.output(), [drawn.rule(["1"], ["2"])])

    (fault,) = dmn.read(drawn.model(drawn.decision("d", logic))).faults

    assert "规则 1" in fault.message_zh
    assert "rule 1" in fault.message_en


def test_an_unknown_hit_policy_is_a_fault_and_the_rest_still_answers() -> None:
    model = dmn.read(drawn.model(DECISION, drawn.decision("t", drawn.table("BEST", drawn.output(), []))))

    assert "BEST" in model.faults[0].message_zh
    assert "BEST" in model.faults[0].message_en
    assert model.decide("t", {}) is None
    assert model.decide("d", {}) == 2


def test_a_wrong_cell_is_a_fault_and_the_rest_still_answers() -> None:
    model = dmn.read(drawn.model(DECISION, drawn.decision("broken", drawn.feel("1 +"))))

    assert model.decide("d", {}) == 2
    assert model.decide("broken", {}) is None
    assert model.faults[0].element == "broken"


BOMBS = [
    "for a in 1..100000, b in 1..100000 return a * b",
    "count(for a in 1..20000 return for b in 1..20000 return 1)",
    'string join(for i in 1..20000 return "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")',
    "10 ** 9999999",
    "some x in 1..100000, y in 1..100000 satisfies false",
]


@pytest.mark.parametrize("bomb", BOMBS)
def test_an_endless_decision_is_ended_by_a_limit(bomb: str) -> None:
    model = dmn.read(drawn.model(drawn.decision("d", drawn.feel(bomb))))

    try:
        assert model.decide("d", {}) is None
    except feel.FeelLimitError as ended:
        assert ended.message_zh


def test_a_loop_through_knowledge_is_ended_by_a_limit() -> None:
    ring = [
        drawn.knowledge("a", drawn.param("n"), drawn.feel("b(n)"), knows=["b"]),
        drawn.knowledge("b", drawn.param("n"), drawn.feel("a(n)"), knows=["a"]),
    ]

    with pytest.raises((feel.FeelLimitError, dmn.DmnError)):
        dmn.read(drawn.model(*ring)).invoke("a", {"n": 1})


@pytest.mark.parametrize("text", ["__import__", "().__class__", "d.__class__.__mro__", 'open("x")', 'eval("1")'])
def test_nothing_of_python_is_in_reach(text: str) -> None:
    model = dmn.read(drawn.model(drawn.decision("d", drawn.feel(text))))

    assert model.decide("d", {}) is None
