"""FEEL, the expression language of DMN: complete, decimal, three-valued, and unable to do anything but compute."""

from workflow_service.feel.alone import clock
from workflow_service.feel.errors import FeelError, FeelLimitError, FeelSyntaxError, Problem
from workflow_service.feel.expression import (
    Expression,
    UnaryTests,
    compile,
    compile_unary,
    evaluate,
    function,
    unary_test,
)
from workflow_service.feel.infer import Finding, infer
from workflow_service.feel.limits import DEFAULT, Calendar, Env, Limits
from workflow_service.feel.temporal import Date, DateTime, DaysTime, Time, YearsMonths
from workflow_service.feel.values import Function, Range, Value, from_json, from_python, kind, text, to_json, to_python

__all__ = [
    "DEFAULT",
    "Calendar",
    "Date",
    "DateTime",
    "DaysTime",
    "Env",
    "Expression",
    "FeelError",
    "FeelLimitError",
    "FeelSyntaxError",
    "Finding",
    "Function",
    "Limits",
    "Problem",
    "Range",
    "Time",
    "UnaryTests",
    "Value",
    "YearsMonths",
    "clock",
    "compile",
    "compile_unary",
    "evaluate",
    "from_json",
    "from_python",
    "function",
    "infer",
    "kind",
    "text",
    "to_json",
    "to_python",
    "unary_test",
]
