"""Statements built and compiled once: what every step executes must not be built anew each time.

SQLAlchemy spends more time on building a statement and finding its compiled form than SQLite on executing it. A prepared
statement keeps the text and the conversions of its parameters per dialect and hands them to the driver.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any, cast

from sqlalchemy import Boolean, Dialect, Executable, Insert, Select, bindparam, insert, select
from sqlalchemy.orm import Session
from sqlalchemy.sql.compiler import SQLCompiler

from workflow_service.storage.drivers import Driver, driver_of

Values = Mapping[str, Any]
Convert = Callable[[Any], Any]


class Prepared:
    """A statement with bound parameters, all of which are given at each execution."""

    def __init__(self, statement: Executable) -> None:
        self._statement = statement
        self._ready: dict[str, _Ready] = {}

    def run(self, session: Session, values: Values) -> Any:
        """Executes it once; gives the driver's cursor, whose rows are as the driver has them, until the next statement."""
        driver = session.info.get("driver") or _driver(session)
        ready = self._ready.get(driver.kind) or self._compile(driver.dialect)
        return driver.execute(ready.text, ready.bound(values))

    def write(self, session: Session, *rows: Values) -> None:
        """Executes it for each row; its answer is not read, so that on a server it can go with what is said next."""
        driver = session.info.get("driver") or _driver(session)
        ready = self._ready.get(driver.kind) or self._compile(driver.dialect)
        if len(rows) == 1:
            driver.write(ready.text, ready.bound(rows[0]))
        else:
            driver.write_many(ready.text, [ready.bound(row) for row in rows])

    def run_many(self, session: Session, rows: Sequence[Values]) -> None:
        """Executes it for all rows as one statement of the driver's."""
        driver = _driver(session)
        ready = self._ready.get(driver.kind) or self._compile(driver.dialect)
        if len(rows) == 1:  # most often; psycopg would open a pipeline for it, which costs as much as the statement
            driver.execute(ready.text, ready.bound(rows[0]))
            return
        driver.execute_many(ready.text, [ready.bound(row) for row in rows])

    def _compile(self, dialect: Dialect) -> "_Ready":
        compiled = self._statement.compile(dialect=dialect)  # type: ignore[attr-defined]  # every executable can
        assert isinstance(compiled, SQLCompiler)
        names = tuple(compiled.positiontup or compiled.binds)
        convert = cast(dict[str, Convert], dict(compiled._bind_processors))  # noqa: SLF001  the one place that knows the conversions
        for name, one in compiled.binds.items():
            if isinstance(one.type, Boolean):
                convert.pop(name, None)  # both drivers take a truth value as it is
        fixed = {name: one.value for name, one in compiled.binds.items() if not one.required}
        acts = tuple((at, convert[one]) for at, one in enumerate(names) if convert.get(one) is not None)
        ready = _Ready(compiled.string, _binder(names, acts, fixed, bool(compiled.positiontup)))
        self._ready[dialect.name] = ready
        return ready


@dataclass(frozen=True)
class _Ready:
    """A statement compiled for a dialect: its text, and what makes values into those that the driver takes."""

    text: str
    bound: Callable[[Values], Any]


def _binder(
    names: tuple[str, ...], converts: tuple[tuple[int, Convert], ...], fixed: Values, positional: bool
) -> Callable[[Values], Any]:
    """How the values of parameters reach the driver.

    Args:
        names: the parameters in order. converts: the places of those that the driver wants in another form; nothing
            stays nothing. fixed: those that the statement itself gives (a limit).
        positional: whether the driver takes them by position, not by name.
    """
    pick: Callable[[Values], tuple[Any, ...]]
    if len(names) == 1:
        (only,) = names
        pick = lambda values: (values[only],)  # noqa: E731  itemgetter gives a single one bare
    else:
        pick = itemgetter(*names) if names else lambda _values: ()
    if positional and not converts and not fixed:
        return pick

    def bound(values: Values) -> Any:
        found = list(pick({**fixed, **values} if fixed else values))
        for at, convert in converts:
            if found[at] is not None:
                found[at] = convert(found[at])
        return found if positional else dict(zip(names, found, strict=True))

    return bound


def insertion(mapped: Any, *left_out: str) -> Insert:
    """The statement that adds a row of a mapped class, of which all columns are given but those left out."""
    columns = [column for column in mapped.__table__.columns if column.name not in left_out]
    return insert(mapped).values({column.name: bindparam(column.name, type_=column.type) for column in columns})


class Rows:
    """A prepared statement that reads whole rows of one or several tables; each has the attributes of the mapped class."""

    def __init__(self, statement: Callable[[Select[Any]], Select[Any]], *classes: type[Any], without: str = "") -> None:
        """``statement`` is given the select of all columns of the classes, and adds joins and conditions.

        ``without`` names a large column that is left out; the objects do not have it.
        """
        self._tables = [[col for col in one.__table__.columns if col.key != without] for one in classes]
        self._prepared = Prepared(statement(select(*(column for columns in self._tables for column in columns))))
        self._readers: dict[str, list[_Reader]] = {}

    def first(self, session: Session, values: Values) -> tuple[Any, ...] | None:
        """The first row, an object for each table; None when there is no row."""
        row = self._prepared.run(session, values).fetchone()
        return None if row is None else tuple(one.read(row) for one in self._readers_for(session))

    def every(self, session: Session, values: Values) -> list[tuple[Any, ...]]:
        """Every row, an object for each table."""
        rows = self._prepared.run(session, values).fetchall()
        readers = self._readers_for(session) if rows else []
        return [tuple(one.read(row) for one in readers) for row in rows]

    def _readers_for(self, session: Session) -> list["_Reader"]:
        driver = _driver(session)
        ready = self._readers.get(driver.kind)
        if ready is None:
            ready = self._readers[driver.kind] = self._compile(driver.dialect)
        return ready

    def _compile(self, dialect: Dialect) -> list["_Reader"]:
        made, at = [], 0
        for columns in self._tables:
            converts = [one.type.dialect_impl(dialect).result_processor(dialect, None) for one in columns]
            made.append(
                _Reader(
                    tuple(one.key for one in columns),
                    slice(at, at + len(columns)),
                    tuple((one.key, act) for one, act in zip(columns, converts, strict=True) if act is not None),
                )
            )
            at += len(columns)
        return made


class Seen:
    """A row for looking: its columns are its attributes. No session knows it, and reading it costs no more than a name."""

    def __init__(self, values: Values) -> None:
        self.__dict__.update(values)


@dataclass(frozen=True)
class _Reader:
    """How a part of a row becomes an object.

    Args:
        names, place: its columns, and where they stand in the row.
        converts: the columns whose values the driver gives in another form; nothing stays nothing.
    """

    names: tuple[str, ...]
    place: slice
    converts: tuple[tuple[str, Convert], ...]

    def read(self, row: Sequence[Any]) -> Seen:
        values = dict(zip(self.names, row[self.place], strict=True))
        for name, convert in self.converts:
            if values[name] is not None:
                values[name] = convert(values[name])
        return Seen(values)


def _driver(session: Session) -> Driver:
    """The driver's connection of a session's transaction."""
    known: Driver | None = session.info.get("driver")
    if known is None:
        known = session.info["driver"] = driver_of(session.connection())
    return known
