"""Finds the sentences that need a translation: every Chinese text of a Python file that is no docstring.

``babel.cfg`` names this as its extractor, so that no sentence depends on somebody's remembering to mark it: an error's
template, the answer of a rule, the label of a page. Texts with line breaks are files to begin from, and f-strings are
records; neither is translated.
"""

import ast
import re
from collections.abc import Collection, Iterator, Mapping
from typing import IO, Any

_CHINESE = re.compile(r"[\u4e00-\u9fff]")
_DESCRIBED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)

Found = tuple[int, str, str, list[str]]


def literals(
    file: IO[bytes],
    keywords: Mapping[str, Any],  # noqa: ARG001  Babel's calling convention
    comment_tags: Collection[str],  # noqa: ARG001
    options: Mapping[str, Any],
) -> Iterator[Found]:
    """The Chinese texts of a Python file as Babel wants them: line, function, message, comments.

    Args:
        options: with ``raised`` only what stands in a ``raise`` counts, for files whose other texts are data.
    """
    tree = ast.parse(file.read())
    within = [one for one in ast.walk(tree) if isinstance(one, ast.Raise)] if options.get("raised") else [tree]
    passed = {id(one) for node in ast.walk(tree) for one in _no_messages(node)}
    for node in (one for root in within for one in ast.walk(root)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in passed:
            text = node.value
            if "\n" not in text and _CHINESE.search(text):
                yield node.lineno, "gettext", text, []


def _no_messages(node: ast.AST) -> Iterator[ast.AST]:
    if isinstance(node, ast.JoinedStr):
        yield from ast.walk(node)
    elif isinstance(node, _DESCRIBED) and node.body and isinstance(node.body[0], ast.Expr):
        yield node.body[0].value
