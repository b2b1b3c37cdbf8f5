"""Compiled expressions and unary tests: made once, evaluated often."""

import decimal
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from workflow_service.feel import builtins, closures, closures_flow, freenames, nodes, parse, quick, unparse
from workflow_service.feel.alone import ALONE
from workflow_service.feel.closures import Build, Closure
from workflow_service.feel.limits import DEFAULT, NOWHERE, Env, Limits, Run, exceeded
from workflow_service.feel.scopes import Root, Scope
from workflow_service.feel.values import Function, Value, from_python


@dataclass(frozen=True, slots=True)
class Expression:
    """An expression that is ready to run.

    Args:
        source: the text it was read from.
        ast: its nodes.
    """

    source: str
    ast: nodes.Node
    _names: frozenset[str]
    _limits: Limits
    _run: Closure
    _quick: quick.Condition | None

    @property
    def free_names(self) -> frozenset[str]:
        """The variables it needs, as paths (``order.total``)."""
        return freenames.of(self.ast, self._names)

    @property
    def mentioned(self) -> frozenset[str]:
        """Every top-level name it may look up, those in the brackets of filters included."""
        return freenames.mentioned(self.ast)

    def evaluate(self, context: Mapping[str, Any], *, env: Env = NOWHERE) -> Value:
        """The value over the data; raises FeelLimitError, and what the calendar raises."""
        if self._quick is not None:
            try:
                return self._quick(context)
            except (quick.Slow, KeyError, decimal.InvalidOperation):
                pass
        root = Root(Run(env, env.limits or self._limits), context)
        try:
            value = self._run(root)
            return root.run.result(value) if type(value) in (list, dict) else value
        except RecursionError:
            raise exceeded(self._limits, "depth") from None
        except decimal.InvalidOperation:
            return root.run.refuse(
                (self.source, 0), "数据中有不是数的数字", "the data has a number that is not a number"
            )

    def to_text(self) -> str:
        """The expression printed anew; reading that gives the same nodes."""
        return unparse.text(self.ast)


@dataclass(frozen=True, slots=True)
class UnaryTests:
    """The tests of a cell, ready to run; ``ast.tests`` is empty for ``-``."""

    source: str
    ast: nodes.Tests
    _names: frozenset[str]
    _limits: Limits
    _run: Callable[[Scope, Value], bool | None]
    _quick: quick.Cell | None

    @property
    def free_names(self) -> frozenset[str]:
        """The variables the tests need besides ``?``."""
        return freenames.of(self.ast, self._names) - {"?"}

    def matches(self, value: Any, context: Mapping[str, Any], *, env: Env = NOWHERE) -> bool | None:
        """Whether the value meets the tests; null when it can't be said."""
        if self._quick is not None:
            try:
                return self._quick(value)
            except (quick.Slow, decimal.InvalidOperation):
                pass
        root = Root(Run(env, env.limits or self._limits), context)
        tested = from_python(value)
        inner = Scope(root.run, root)
        inner["?"] = tested
        try:
            return self._run(inner, tested)
        except RecursionError:
            raise exceeded(self._limits, "depth") from None

    def to_text(self) -> str:
        """The tests printed anew."""
        return unparse.text(self.ast)


def compile(expression: str, names: Iterable[str] = (), *, limits: Limits = DEFAULT) -> Expression:
    """Makes an expression ready to run; raises FeelSyntaxError or FeelLimitError.

    Args:
        names: the names in scope; those of several words or with symbols can be read only when given here.
    """
    return _compiled(expression, frozenset(names), limits)


@lru_cache(maxsize=2048)
def _compiled(expression: str, names: frozenset[str], bounds: Limits) -> Expression:
    ast = parse.expression(expression, bounds, builtins.NAMES, names)
    run = closures.make(ast, Build(expression, False, names))
    return Expression(expression, ast, names, bounds, run, quick.condition(ast))


def compile_unary(tests: str, names: Iterable[str] = (), *, limits: Limits = DEFAULT) -> UnaryTests:
    """Makes the unary tests of a cell ready to run; raises FeelSyntaxError or FeelLimitError."""
    return _compiled_tests(tests, frozenset(names), limits)


@lru_cache(maxsize=2048)
def _compiled_tests(source: str, names: frozenset[str], bounds: Limits) -> UnaryTests:
    ast = parse.tests(source, bounds, builtins.NAMES, names)
    build = Build(source, True, names)
    found = closures_flow.any_test(tuple(closures_flow.tested(test, build, True) for test in ast.tests))

    def run(scope: Scope, value: Value) -> bool | None:
        answer = found(scope, value)
        if not ast.negated:
            return answer
        return None if answer is None else not answer

    return UnaryTests(source, ast, names, bounds, run, quick.cell(ast))


def _keys(data: Any, found: set[str], depth: int = 0) -> None:
    # Only names that can't be told from several words matter; data deeper than any path is left alone.
    if isinstance(data, Mapping) and depth < 20:
        for key, entry in data.items():
            found.add(str(key))
            _keys(entry, found, depth + 1)
    elif isinstance(data, (list, tuple)) and depth < 20:
        for entry in data[:50]:
            _keys(entry, found, depth + 1)


def evaluate(expression: str, context: Mapping[str, Any], *, env: Env = ALONE) -> Value:
    """The value of an expression over the data; the keys of the data, at any depth, are the names in scope.

    Args:
        env: clock, calendar and limits; without it ``now()`` and ``today()`` are those of the machine.
    """
    names: set[str] = set()
    _keys(context, names)
    return compile(expression, names).evaluate(context, env=env)


def unary_test(test: str, value: Any, context: Mapping[str, Any], *, env: Env = ALONE) -> bool | None:
    """Whether a value meets the unary tests of a cell; ``env`` as for ``evaluate``."""
    names: set[str] = set()
    _keys(context, names)
    return compile_unary(test, names).matches(value, context, env=env)


def function(params: Iterable[str], call: Callable[..., Any], name: str = "function") -> Function:
    """A function of the host as a FEEL value: called with FEEL values in the order of its parameters."""
    return Function(name, tuple(params), lambda run, args: from_python(call(*args)))
