"""Finds the function behind an operation's name, checks its parameters and calls it with a Context.

Only public functions *defined in* a module of the ``handlers`` package whose first parameter is ``context: Context``
are operations, so no diagram can reach anything else. Nothing imports handlers; they are found here by name.
"""

import importlib
import inspect
import pkgutil
import re
import types
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import orjson

from workflow_service.errors import NotFound, ServiceError
from workflow_service.handler_api import Context

PACKAGE = "handlers"
_NAME = re.compile(r"[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*")


class BadCall(ServiceError):
    """A call does not fit its operation; the diagram or the handler is wrong and no retry can help."""


@dataclass(frozen=True)
class Parameter:
    """What a diagram may hand to an operation: its name, whether it must, its type as text, its meaning in both languages."""

    name: str
    required: bool
    type: str
    doc: str
    doc_en: str


@dataclass(frozen=True)
class Signature:
    """An operation as editors and checkers see it.

    Args:
        name: ``module.function``.
        title, title_en: what it is called.
        summary, summary_en: what it does; in English the first sentence of its docstring.
        parameters: in order, without the context.
        errors: the BPMN error codes that its docstring names.
    """

    name: str
    title: str
    title_en: str
    summary: str
    summary_en: str
    parameters: tuple[Parameter, ...]
    errors: tuple[str, ...]


def resolve(operation: str) -> Callable[..., Any]:
    """The function of an operation such as ``assessment.check_meeting``; raises NotFound for any other name."""
    module, _dot, function = operation.partition(".")
    if not _NAME.fullmatch(operation) or module not in _modules():
        raise NotFound("没有名为“{operation}”的服务操作", operation=operation)
    found = dict(operations_of(importlib.import_module(f"{PACKAGE}.{module}"))).get(function)
    if found is None:
        raise NotFound("没有名为“{operation}”的服务操作", operation=operation)
    return found


def knows(operation: str) -> bool:
    """Whether this release has an operation of this name."""
    try:
        resolve(operation)
    except NotFound:
        return False
    return True


def operations() -> dict[str, Signature]:
    """Every operation by name."""
    found = {}
    for module in _modules():
        for name, function in operations_of(importlib.import_module(f"{PACKAGE}.{module}")):
            found[f"{module}.{name}"] = signature(f"{module}.{name}", function)
    return dict(sorted(found.items()))


def signature(name: str, function: Callable[..., Any]) -> Signature:
    """How an operation is called, read from the function itself; in English what the table in Chinese does not tell."""
    doc = inspect.getdoc(function) or ""
    told, meanings = _in_chinese().get(name), _meanings(doc)
    parameters = [
        Parameter(
            one.name,
            one.default is inspect.Parameter.empty,
            inspect.formatannotation(one.annotation),
            (told.parameters.get(one.name, "") if told else "") or meanings.get(one.name, ""),
            meanings.get(one.name, ""),
        )
        for one in list(inspect.signature(function).parameters.values())[1:]
    ]
    title, summary = (
        function.__name__.replace("_", " ").capitalize(),
        " ".join(doc.split("\n\n")[0].replace("``", "").split()),
    )
    chinese = (told.title, told.summary) if told else (title, summary)
    codes = tuple(dict.fromkeys(re.findall(r"\bERR_[A-Z]+\b", doc)))
    return Signature(name, chinese[0], title, chinese[1], summary, tuple(parameters), codes)


def _meanings(doc: str) -> dict[str, str]:
    """Parameter → what a docstring says of it, also where that goes on over several lines."""
    found = re.findall(r"^    (\w+): (.+(?:\n {8,}.+)*)$", doc, re.MULTILINE)
    return {name: " ".join(text.replace("``", "").split()) for name, text in found}


def _in_chinese() -> Mapping[str, Any]:
    """What ``handlers/in_chinese.py`` tells of the operations, by name."""
    table: Mapping[str, Any] = importlib.import_module(f"{PACKAGE}.in_chinese").WORDS
    return table


def check_parameters(operation: str, names: Iterable[str]) -> list[str]:
    """What is wrong with calling an operation with parameters of these names; empty when nothing is.

    Raises:
        NotFound: there is no such operation.
    """
    known = signature(operation, resolve(operation)).parameters
    given, allowed = list(names), {one.name for one in known}
    problems = [f"缺少参数“{one.name}”" for one in known if one.required and one.name not in given]
    problems += [
        f"没有参数“{name}”，可用的参数是：{'、'.join(sorted(allowed)) or '无'}" for name in given if name not in allowed
    ]
    problems += [f"参数“{name}”重复" for name in sorted({name for name in given if given.count(name) > 1})]
    return problems


def call(operation: str, context: Context, parameters: Mapping[str, Any]) -> Any:
    """Calls an operation and gives its result, which is plain JSON.

    Whatever the handler raises passes through.

    Raises:
        NotFound: there is no such operation. BadCall: the parameters do not fit, or the result is not JSON.
    """
    function = resolve(operation)
    problems = check_parameters(operation, parameters)
    if problems:
        raise BadCall("不能调用“{operation}”：{problems}", operation=operation, problems="；".join(problems))
    result = function(context, **parameters)
    try:
        return orjson.loads(orjson.dumps(result))
    except TypeError as error:
        raise BadCall("“{operation}”的结果不是 JSON：{reason}", operation=operation, reason=error) from error


def operations_of(module: types.ModuleType) -> Iterator[tuple[str, Callable[..., Any]]]:
    """The operations that a module defines itself, with their names; what it imports is not among them."""
    for name, function in inspect.getmembers(module, inspect.isfunction):
        if name.startswith("_") or function.__module__ != module.__name__:
            continue
        parameters = list(inspect.signature(function).parameters.values())
        if parameters and parameters[0].name == "context" and parameters[0].annotation is Context:
            yield name, function


@cache
def _modules() -> frozenset[str]:
    package = importlib.import_module(PACKAGE)
    return frozenset(one.name for one in pkgutil.iter_modules(package.__path__))
