"""Wherever an expression can stand in a model, none leaves FEEL or uses up the machine."""

import contextlib
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.dmn import drawn
from tests.feel import payloads
from workflow_service import dmn, feel

DATA = {"x": {"a": 1}, "l": [1, 2, 3], "s": "text"}
LIST = drawn.feel("[1, 2]")


def _iterator(word: str, source: str, body: str) -> str:
    tag = "return" if word == "for" else "satisfies"
    return f'<{word} iteratorVariable="n"><in>{source}</in><{tag}>{body}</{tag}></{word}>'


def _one_rule(columns: str, test: str = "-", output: str = "1") -> str:
    return drawn.table("COLLECT", columns, [drawn.rule([test], [output])])


def _called(text: str) -> str:
    binding = f"<binding>{drawn.variable('a', tag='parameter')}{drawn.feel(text)}</binding>"
    return f"<invocation>{drawn.feel('f')}{binding}</invocation>"


AMOUNT = drawn.column("count(l)", "number")
LOGIC: dict[str, Callable[[str], str]] = {
    "literal expression": drawn.feel,
    "input": lambda text: _one_rule(drawn.column(text) + drawn.output()),
    "input values": lambda text: _one_rule(drawn.column("count(l)", values=text) + drawn.output()),
    "input cell": lambda text: _one_rule(AMOUNT + drawn.output(), test=text),
    "output cell": lambda text: _one_rule(AMOUNT + drawn.output(), output=text),
    "output values": lambda text: _one_rule(AMOUNT + drawn.output(values=text)),
    "default output": lambda text: _one_rule(AMOUNT + drawn.output(default=text), test="> 99"),
    "context entry": lambda text: f"<context>{drawn.entry('a', drawn.feel(text))}</context>",
    "list": lambda text: f"<list>{drawn.feel(text)}</list>",
    "relation": lambda text: f"<relation>{drawn.variable('a', tag='column')}<row>{drawn.feel(text)}</row></relation>",
    "argument": _called,
    "condition": lambda text: (
        f"<conditional><if>{drawn.feel(text)}</if><then>{LIST}</then><else>{LIST}</else></conditional>"
    ),
    "then": lambda text: (
        f"<conditional><if>{drawn.feel('true')}</if><then>{drawn.feel(text)}</then><else>{LIST}</else></conditional>"
    ),
    "filtered": lambda text: f"<filter><in>{drawn.feel(text)}</in><match>{drawn.feel('true')}</match></filter>",
    "match": lambda text: f"<filter><in>{LIST}</in><match>{drawn.feel(text)}</match></filter>",
    "for in": lambda text: _iterator("for", drawn.feel(text), drawn.feel("n")),
    "for return": lambda text: _iterator("for", LIST, drawn.feel(text)),
    "some": lambda text: _iterator("some", LIST, drawn.feel(text)),
    "every": lambda text: _iterator("every", LIST, drawn.feel(text)),
    "function": lambda text: (
        f"<context>{drawn.entry('g', f'<functionDefinition>{drawn.feel(text)}</functionDefinition>')}{drawn.entry('', drawn.feel('g()'))}</context>"
    ),
}
MODELS: dict[str, Callable[[str], bytes]] = {
    "knowledge": lambda text: drawn.model(
        drawn.knowledge("f", drawn.param("a"), drawn.feel(text)), drawn.decision("d", drawn.feel("f(1)"), knows=["f"])
    ),
    "allowed values": lambda text: drawn.model(
        drawn.item("t", "number", allowed=text), drawn.decision("d", drawn.feel("1"), type_ref="t")
    ),
    "type constraint": lambda text: drawn.model(
        drawn.item("t", "number", allowed=text).replace("allowedValues", "typeConstraint"),
        drawn.decision("d", drawn.feel("1"), type_ref="t"),
    ),
}
KNOWLEDGE = drawn.knowledge("f", drawn.param("a"), drawn.feel("a"))


def _model(place: str, text: str) -> bytes:
    if place in MODELS:
        return MODELS[place](text)
    return drawn.model(KNOWLEDGE, drawn.decision("d", LOGIC[place](text), knows=["f"]))


@pytest.mark.parametrize("place", [*LOGIC, *MODELS])
def test_no_payload_gets_away(place: str, tmp_path: Path) -> None:
    def ask(text: str) -> None:
        clean = text.replace("\x00", "")
        with contextlib.suppress(dmn.DmnError, feel.FeelError):
            dmn.read(_model(place, clean)).decide("d", DATA)

    assert payloads.unbounded(ask, tmp_path / "canary") == []


@pytest.mark.parametrize("place", [*LOGIC, *MODELS])
def test_the_place_is_one_where_an_expression_is_asked(place: str) -> None:
    broken = dmn.read(_model(place, "1 +"))

    assert {fault.kind for fault in broken.faults} == {"syntax"}
