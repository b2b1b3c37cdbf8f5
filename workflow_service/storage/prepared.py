"""Statements built and compiled once: what every step executes must not be built anew each time.

SQLAlchemy spends more time on building a statement and finding its compiled form than SQLite on executing it. A prepared
statement keeps the text and the conversions of its parameters per dialect and hands them to the driver.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from sqlalchemy import Dialect, Executable
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.orm import Session
from sqlalchemy.sql.compiler import SQLCompiler

Values = Mapping[str, Any]
_Ready = tuple[str, tuple[str, ...], Mapping[str, Callable[[Any], Any]], bool]


class Prepared:
    """A statement with bound parameters, all of which are given at each execution."""

    def __init__(self, statement: Executable) -> None:
        self._statement = statement
        self._ready: dict[str, _Ready] = {}

    def run(self, session: Session, values: Values) -> Any:
        """Executes it once; gives the driver's cursor, whose rows are as the driver has them."""
        driver = driver_of(session)
        text, names, convert, positional = self._for(driver.dialect)
        return driver.execute(text, _bound(values, names, convert, positional))

    def run_many(self, session: Session, rows: Sequence[Values]) -> None:
        """Executes it for each row."""
        driver = driver_of(session)
        text, names, convert, positional = self._for(driver.dialect)
        for row in rows:
            driver.execute(text, _bound(row, names, convert, positional))

    def _for(self, dialect: Dialect) -> _Ready:
        ready = self._ready.get(dialect.name)
        if ready is None:
            ready = self._ready[dialect.name] = self._compile(dialect)
        return ready

    def _compile(self, dialect: Dialect) -> _Ready:
        compiled = self._statement.compile(dialect=dialect)  # type: ignore[attr-defined]  # every executable can
        assert isinstance(compiled, SQLCompiler)
        names = tuple(compiled.positiontup or compiled.binds)
        convert = cast(dict[str, Callable[[Any], Any]], dict(compiled._bind_processors))  # noqa: SLF001  the one place that knows the conversions
        return compiled.string, names, convert, bool(compiled.positiontup)


@dataclass(frozen=True)
class Driver:
    """The driver's own connection of a session, and how to speak to it."""

    dialect: Dialect
    execute: Callable[[str, Any], Any]


def driver_of(session: Session) -> Driver:
    """The driver's connection of a session's transaction; found once, since finding it costs as much as a statement."""
    known: Driver | None = session.info.get("driver")
    if known is None:
        connection = session.connection()
        raw: Any = connection.connection.driver_connection
        known = session.info["driver"] = Driver(
            connection.dialect, _guarded(raw, connection.dialect, session.info.get("observer"))
        )
    return known


def _guarded(raw: Any, dialect: Dialect, observer: Callable[[str], None] | None) -> Callable[[str, Any], Any]:
    """The driver's errors as SQLAlchemy's, so that the one place that handles them knows them."""
    module: Any = dialect.dbapi

    def execute(text: str, values: Any) -> Any:
        if observer is not None:
            observer(text)
        try:
            return raw.execute(text, values)
        except module.IntegrityError as error:
            raise IntegrityError(text, None, error) from error
        except module.OperationalError as error:
            raise OperationalError(text, None, error) from error

    return execute


def _bound(values: Values, names: Sequence[str], convert: Mapping[str, Callable[[Any], Any]], positional: bool) -> Any:
    if positional:
        return [convert[name](values[name]) if name in convert else values[name] for name in names]
    return {name: convert[name](values[name]) if name in convert else values[name] for name in names}
