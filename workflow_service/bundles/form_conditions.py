"""Turns conditions that are simple enough into data, so that a browser can show and hide fields by itself."""

import re
from functools import lru_cache
from typing import Any

_WORD = r"[a-z][a-z0-9_]*"
_TEXT = r'"[^"\\]*"'
_COMPARED = re.compile(rf"({_WORD})\s*(=|!=)\s*({_TEXT}|true|false|-?[0-9]+)")
_AMONG = re.compile(rf"({_WORD})\s+in\s*\(\s*({_TEXT}(?:\s*,\s*{_TEXT})*)\s*\)")
_CONTAINED = re.compile(rf"list contains\(\s*({_WORD})\s*,\s*({_TEXT})\s*\)")
_LONGEST = 4_000


@lru_cache(maxsize=4096)
def simple(source: str) -> dict[str, Any] | None:
    """The condition as data, None when it is not simple.

    One comparison is ``{"field", "op", "value"}`` with op ``=``, ``!=``, ``in`` or ``contains``; several are
    ``{"any": [...]}`` or ``{"all": [...]}``.
    """
    if len(source) > _LONGEST:
        return None
    for joint, name in ((" or ", "any"), (" and ", "all")):
        parts = source.split(joint)
        if len(parts) > 1:
            found = [_atom(part.strip()) for part in parts]
            return {name: found} if all(found) else None
    return _atom(source.strip())


def _atom(text: str) -> dict[str, Any] | None:
    if match := _COMPARED.fullmatch(text):
        return {"field": match[1], "op": match[2], "value": _literal(match[3])}
    if match := _AMONG.fullmatch(text):
        return {"field": match[1], "op": "in", "value": [_literal(one) for one in re.findall(_TEXT, match[2])]}
    if match := _CONTAINED.fullmatch(text):
        return {"field": match[1], "op": "contains", "value": _literal(match[2])}
    return None


def _literal(text: str) -> str | bool | int:
    if text.startswith('"'):
        return text[1:-1]
    return text == "true" if text in ("true", "false") else int(text)
