"""Statements built and compiled once: what every step executes must not be built anew each time.

SQLAlchemy spends more time on building a statement and finding its compiled form than SQLite on executing it. A prepared
statement keeps the text and the conversions of its parameters per dialect and hands them to the driver.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from sqlalchemy import Connection, Dialect, Executable, Select, select
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.orm import Session, make_transient_to_detached
from sqlalchemy.orm.attributes import manager_of_class
from sqlalchemy.orm.util import identity_key
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
        driver = _driver(session)
        text, names, convert, positional = self._for(driver.dialect)
        return driver.execute(text, _bound(values, names, convert, positional))

    def run_many(self, session: Session, rows: Sequence[Values]) -> None:
        """Executes it for all rows as one statement of the driver's."""
        driver = _driver(session)
        text, names, convert, positional = self._for(driver.dialect)
        driver.execute_many(text, [_bound(row, names, convert, positional) for row in rows])

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


class Rows:
    """A prepared statement that reads whole rows of one or several tables as their mapped objects."""

    def __init__(self, statement: Callable[[Select[Any]], Select[Any]], *classes: type[Any]) -> None:
        """``statement`` is given the select of all columns of the classes, and adds joins and conditions."""
        self._tables = [(one, list(one.__table__.columns)) for one in classes]
        self._prepared = Prepared(statement(select(*(column for _, columns in self._tables for column in columns))))
        self._convert: dict[str, list[_Made]] = {}

    def first(self, session: Session, values: Values) -> tuple[Any, ...] | None:
        """The objects of the first row, part of the session as if it had loaded them; None when there is no row."""
        row = self._prepared.run(session, values).fetchone()
        if row is None:
            return None
        ready = self._convert.get(session.get_bind().dialect.name) or self._compile(session.get_bind().dialect)
        return tuple(_made(session, one, row) for one in ready)

    def _compile(self, dialect: Dialect) -> list["_Made"]:
        made, at = [], 0
        for mapped, columns in self._tables:
            read = [
                (column.key, at + n, column.type.dialect_impl(dialect).result_processor(dialect, None))
                for n, column in enumerate(columns)
            ]
            made.append(
                _Made(mapped, tuple(read), tuple(read[n][1] for n, one in enumerate(columns) if one.primary_key))
            )
            at += len(columns)
        self._convert[dialect.name] = made
        return made


@dataclass(frozen=True)
class _Made:
    """A mapped class; name, place in the row and conversion of each of its columns; the places of its key."""

    mapped: type[Any]
    columns: tuple[tuple[str, int, Callable[[Any], Any] | None], ...]
    key: tuple[int, ...]


def _made(session: Session, one: _Made, row: Sequence[Any]) -> Any:
    known = session.identity_map.get(identity_key(one.mapped, tuple(row[place] for place in one.key)))
    if known is not None:
        return known
    made = manager_of_class(one.mapped).new_instance()
    made.__dict__.update(
        (name, row[place] if convert is None else convert(row[place])) for name, place, convert in one.columns
    )
    make_transient_to_detached(made)
    session.add(made)
    return made


@dataclass(frozen=True)
class Driver:
    """The driver's own connection of a session, and how to speak to it."""

    dialect: Dialect
    execute: Callable[[str, Any], Any]
    execute_many: Callable[[str, Any], Any]


def driver_of(connection: Connection, observer: Callable[[str], None] | None) -> Driver:
    """The driver's own connection beneath a connection of the pool; ``observer`` is told of each statement."""
    raw: Any = connection.connection.driver_connection
    dialect = connection.dialect
    return Driver(
        dialect,
        _guarded(raw.execute, dialect, observer),
        _guarded(lambda text, rows: raw.cursor().executemany(text, rows), dialect, observer),
    )


def _driver(session: Session) -> Driver:
    """The driver's connection of a session's transaction."""
    known: Driver | None = session.info.get("driver")
    if known is None:
        known = session.info["driver"] = driver_of(session.connection(), None)
    return known


def _guarded(
    act: Callable[[str, Any], Any], dialect: Dialect, observer: Callable[[str], None] | None
) -> Callable[[str, Any], Any]:
    """The driver's errors as SQLAlchemy's, so that the one place that handles them knows them."""
    module: Any = dialect.dbapi

    def execute(text: str, values: Any) -> Any:
        if observer is not None:
            observer(text)
        try:
            return act(text, values)
        except module.IntegrityError as error:
            raise IntegrityError(text, None, error) from error
        except module.OperationalError as error:
            raise OperationalError(text, None, error) from error

    return execute


def _bound(values: Values, names: Sequence[str], convert: Mapping[str, Callable[[Any], Any]], positional: bool) -> Any:
    if positional:
        return [convert[name](values[name]) if name in convert else values[name] for name in names]
    return {name: convert[name](values[name]) if name in convert else values[name] for name in names}
