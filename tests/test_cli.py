"""One expression and one decision on the command line: the value on stdout, reasons on stderr, an exit code."""

import json
import subprocess
import sys

import pytest


def run(*words: str) -> tuple[int, str, str]:
    """Exit code, stdout and stderr of the command."""
    command = [sys.executable, "-c", "from workflow_service.cli import main; main()", *words]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    return done.returncode, done.stdout.strip(), done.stderr.strip()


@pytest.mark.parametrize(
    ("words", "code", "out", "err"),
    [
        (["a + 1", "--context", '{"a": 2}'], 0, "3", ""),
        (["a +"], 3, "", "表达式却已结束（第 1 行第 4 字符）"),
        (["missing"], 0, "null", "没有名为“missing”的数据（第 1 行第 1 字符）"),
        (["for i in 1..1000000000 return i"], 3, "", "列表过长"),
        (["a", "--context", "{a: 1}"], 2, "", "不是合法的 JSON"),
        (["a", "--context", "[1]"], 2, "", "须为 JSON 对象"),
    ],
)
def test_an_expression_has_a_value_or_a_reason(words: list[str], code: int, out: str, err: str) -> None:
    done = run("feel", *words)

    assert done[:2] == (code, out)
    assert err in done[2]


@pytest.mark.parametrize(
    ("words", "code", "out", "err"),
    [
        (["bpmn/route.dmn", "route", "--input", '{"complex": true}'], 0, "panel", ""),
        (["bpmn/route.dmn", "rout"], 3, "", "没有决策“rout”；有：route"),
        (["bpmn/route.dmn", "route", "--input", '{"complx": true}'], 0, "standard", "没有输入“complx”；有：complex"),
        (["README.md", "route"], 3, "", "不是有效的 XML"),
        (["bpmn/gone.dmn", "route"], 2, "", "gone.dmn"),
        (["bpmn/route.dmn", "route", "--input", "x"], 2, "", "不是合法的 JSON"),
    ],
)
def test_a_decision_has_an_outcome_or_a_reason(words: list[str], code: int, out: str, err: str) -> None:
    done = run("decide", *words)

    assert done[0] == code
    assert out in done[1]
    assert err in done[2]


def test_a_decision_is_told_with_the_rule_that_matched() -> None:
    code, out, _ = run("decide", "bpmn/route.dmn", "route", "--input", '{"complex": true}', "--trace")

    (table,) = json.loads(out)["decisions"][0]["tables"]
    assert code == 0
    assert [rule["number"] for rule in table["rules"]] == [1]
