"""What all lists share: a page of rows, the text search, and where the next page begins."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, or_
from sqlalchemy.orm import InstrumentedAttribute

from workflow_service import errors

COUNT_CAP = 1000
"""Pages for people count up to here and then say “1000+”; answers to programs count everything."""


@dataclass(frozen=True)
class Page:
    """A page of a list: its items, how many there are in all, and where the next page begins (None at the end)."""

    items: Sequence[Any]
    total: int
    next: str | None


def containing(text: str, *columns: InstrumentedAttribute[str]) -> ColumnElement[bool]:
    """That one of the columns contains a text; its signs stand for themselves."""
    escaped = text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return or_(*(one.like(f"%{escaped}%", escape="\\") for one in columns))


def unknown_place() -> errors.Invalid:
    """What is said of an ``after`` that no answer gave."""
    return errors.Invalid([errors.FieldError("after", "format", "参数“after”须为上一页给出的 next")], "请求参数有误")
