"""Column types that hold the same value on SQLite and PostgreSQL."""

from collections.abc import Callable
from datetime import UTC, datetime
from functools import lru_cache
from hashlib import blake2b
from typing import Any

import orjson
from sqlalchemy import DateTime, Dialect, Text
from sqlalchemy.types import TypeDecorator

from workflow_service import errors

Convert = Callable[[Any], Any]


class UtcDateTime(TypeDecorator[datetime]):
    """An aware time, stored in UTC; a naive one is refused. SQLite holds it as text, to the microsecond."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def bind_processor(self, dialect: Dialect) -> Convert:
        return _to_text if dialect.name == "sqlite" else _to_utc

    def result_processor(self, dialect: Dialect, coltype: object) -> Convert:  # noqa: ARG002  the base class's signature
        return _from_text if dialect.name == "sqlite" else _from_utc


def _to_utc(value: datetime | None) -> datetime | None:
    if value is None:
        return None
    if value.tzinfo is None:
        raise ValueError("a time without a zone cannot be stored")
    return value.astimezone(UTC)


@lru_cache(maxsize=256)  # one step writes its own time into every row
def _to_text(value: datetime | None) -> str | None:
    at = _to_utc(value)
    return None if at is None else at.isoformat(" ", "microseconds")[:_TO_MICROSECONDS]


_TO_MICROSECONDS = len("2026-09-14 01:00:00.000000")


def _from_utc(value: datetime | None) -> datetime | None:
    return None if value is None else value.astimezone(UTC)


def _from_text(value: str | None) -> datetime | None:
    return None if value is None else datetime.fromisoformat(value + "+00:00")


class Json(TypeDecorator[Any]):
    """A JSON value kept as text, so that the order of keys survives on both databases."""

    impl = Text
    cache_ok = True

    def bind_processor(self, dialect: Dialect) -> Convert:  # noqa: ARG002  the base class's signature
        return _to_json

    def result_processor(self, dialect: Dialect, coltype: object) -> Convert:  # noqa: ARG002  the base class's signature
        return _from_json


def _to_json(value: Any) -> str | None:
    return None if value is None else orjson.dumps(value).decode()


def _from_json(value: str | None) -> Any:
    try:
        return None if value is None else orjson.loads(value)
    except orjson.JSONDecodeError as damaged:
        raise _damaged(value) from damaged


def _damaged(value: object) -> errors.CannotAdvance:
    return errors.CannotAdvance(
        "数据库中保存的内容已损坏，不能读取（{element}）；案件的状态可由日志重建", element=str(value)[:40]
    )


class MarkedJson(Json):
    """A JSON value behind a checksum of its text: what a disk or a hand changed is not read as if it were meant."""

    cache_ok = True

    def bind_processor(self, dialect: Dialect) -> Convert:  # noqa: ARG002  the base class's signature
        return _to_marked

    def result_processor(self, dialect: Dialect, coltype: object) -> Convert:  # noqa: ARG002  the base class's signature
        return _from_marked


_MARK = 16
"""Characters of a checksum."""


def marked(text: bytes) -> str:
    """A text with its checksum before it, as ``MarkedJson`` stores it."""
    return _mark(text) + text.decode()


def _mark(text: bytes) -> str:
    return blake2b(text, digest_size=_MARK // 2).hexdigest()


def _to_marked(value: Any) -> str | None:
    return None if value is None else marked(orjson.dumps(value))


def _from_marked(value: str | None) -> Any:
    if value is None:
        return None
    text = value[_MARK:]
    if _mark(text.encode("utf-8", "replace")) != value[:_MARK]:
        raise _damaged(value)
    return _from_json(text)
