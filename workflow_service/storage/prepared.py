"""Statements built and compiled once: what every step executes must not be built anew each time.

SQLAlchemy spends more time on building a statement and finding its compiled form than SQLite on executing it. A prepared
statement keeps the text and the conversions of its parameters per dialect and hands them to the driver.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

from sqlalchemy import CursorResult, Dialect, Executable
from sqlalchemy.orm import Session
from sqlalchemy.sql.compiler import SQLCompiler

Values = Mapping[str, Any]
_Ready = tuple[str, tuple[str, ...], Mapping[str, Callable[[Any], Any]], bool]


class Prepared:
    """An INSERT, UPDATE or DELETE with bound parameters, all of which are given at each execution."""

    def __init__(self, statement: Executable) -> None:
        self._statement = statement
        self._ready: dict[str, _Ready] = {}

    def run(self, session: Session, values: Values) -> CursorResult[Any]:
        """Executes it once."""
        connection = session.connection()
        text, names, convert, positional = self._for(connection.dialect)
        return connection.exec_driver_sql(text, _bound(values, names, convert, positional))

    def run_many(self, session: Session, rows: Sequence[Values]) -> None:
        """Executes it for each row in one call of the driver."""
        connection = session.connection()
        text, names, convert, positional = self._for(connection.dialect)
        connection.exec_driver_sql(text, [_bound(row, names, convert, positional) for row in rows])

    def _for(self, dialect: Dialect) -> _Ready:
        ready = self._ready.get(dialect.name)
        if ready is None:
            ready = self._ready[dialect.name] = self._compile(dialect)
        return ready

    def _compile(self, dialect: Dialect) -> _Ready:
        compiled = self._statement.compile(dialect=dialect)  # type: ignore[attr-defined]  # every executable can
        assert isinstance(compiled, SQLCompiler)
        names = tuple(compiled.positiontup or compiled.binds)
        return (
            compiled.string,
            names,
            cast(dict[str, Callable[[Any], Any]], dict(compiled._bind_processors)),
            bool(compiled.positiontup),
        )  # noqa: SLF001  the one place that knows the conversions


def _bound(values: Values, names: Sequence[str], convert: Mapping[str, Callable[[Any], Any]], positional: bool) -> Any:
    bound = [convert[name](values[name]) if name in convert else values[name] for name in names]
    return tuple(bound) if positional else dict(zip(names, bound, strict=True))
