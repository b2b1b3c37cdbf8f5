"""Makes random expressions quickly: well-formed ones, broken ones, and mere noise; the same seed gives the same texts."""

import random

from workflow_service.feel.builtins import BUILTINS
from workflow_service.feel.scan import KEYWORDS

_WORDS = [*sorted(KEYWORDS), "not", "item", "partial", "number", "string", "list<", "context<", "range<", "external"]
_SIGNS = [
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    ":",
    ",",
    ".",
    "..",
    "+",
    "-",
    "*",
    "/",
    "**",
    "=",
    "!=",
    "<",
    "<=",
    ">",
    ">=",
    "@",
    "?",
    "->",
    "//",
    "/*",
    "*/",
    '"',
    "\\",
    "）",
    "。",
    "＞",
    "\x00",
    "�",
    "😀",
]
_ATOMS = [
    "0",
    "1",
    "2.5",
    "-3",
    "1e20",
    "1e6000",
    "true",
    "false",
    "null",
    "item",
    "?",
    "a",
    "金额",
    "loan",
    "amount",
    "a-b",
    "missing",
    "partial",
    "[]",
    "{}",
    "l",
    "[1,2,3]",
    '""',
    '"a"',
    '"中😀"',
    '"2026-09-18"',
    '@"2026-09-18"',
    '@"10:00:00Z"',
    '@"2026-09-18T10:00:00@Asia/Shanghai"',
    '@"P1Y"',
    '@"-PT1.5H"',
    '@"x"',
]
_OPERATORS = ["+", "-", "*", "/", "**", "=", "!=", "<", "<=", ">", ">=", "and", "or"]
_TYPES = (
    "number",
    "list<Any>",
    "date and time",
    "context<a: string>",
    "function<number> -> Any",
    "range<date>",
    "Null",
)
_SHAPES = (
    "({0}) {op} ({1})",
    "{0} {op} {1}",
    "-({0})",
    "[{0}, {1}]",
    "({0})[{1}]",
    "[{0}..{1}]",
    "({0}..{1}]",
    "(< {0})",
    '{{a: {0}, "b c": {1}}}',
    "({0}).a",
    "({0}).{part}",
    "({0}) in ({1}, > {2})",
    "({0}) between {1} and {2}",
    "if {0} then {1} else {2}",
    "for x in {0} return {1}",
    "for x in 1..{0} return {1}",
    "for x in [{0}, {1}], y in x return partial",
    "some x in {0} satisfies {1}",
    "every x in {0} satisfies {1}",
    "({0}) instance of {type}",
    "{function}({0})",
    "{function}({0}, {1})",
    "{function}({0}, {1}, {2})",
    "{function}([{0}, {1}, {2}])",
    "{function}(function(x, y) {0}, {1})",
    "{function}({1}, function(x, y) {0})",
    "(function(x, y) {0})({1}, {2})",
    "{{f: function(x) f({0}), r: f({1})}}.r",
)
_PARTS = ("year", "days", "time offset", "start", "b c", "timezone")


class Maker:
    """A source of random texts.

    Args:
        chance: the random numbers.
    """

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance
        self.functions = sorted(BUILTINS)

    def text(self) -> str:
        """One text: mostly an expression, sometimes a damaged one, sometimes noise."""
        kind = self.chance.random()
        if kind < 0.15:
            return " ".join(self.chance.choices(_WORDS + _SIGNS + _ATOMS, k=self.chance.randint(1, 20)))
        text = self.expression(self.chance.randint(0, 4))
        return self.damaged(text) if kind < 0.4 else text

    def expression(self, depth: int) -> str:
        """A well-formed expression of at most that depth."""
        if depth == 0 or self.chance.random() < 0.15:
            return self.chance.choice(_ATOMS)
        inner = [self.expression(depth - 1) for _ in range(3)]
        return self.chance.choice(_SHAPES).format(
            *inner,
            op=self.chance.choice(_OPERATORS),
            part=self.chance.choice(_PARTS),
            type=self.chance.choice(_TYPES),
            function=self.chance.choice(self.functions),
        )

    def damaged(self, text: str) -> str:
        """The text with one piece taken out or put in."""
        at = self.chance.randint(0, len(text))
        if self.chance.random() < 0.5:
            return text[:at] + text[at + self.chance.randint(1, 3) :]
        return text[:at] + self.chance.choice(_SIGNS + _WORDS) + text[at:]
