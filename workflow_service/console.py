"""What commands share: the settings and the database they are given, and the machine's clock."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import click
from sqlalchemy.orm import Session

from workflow_service import serving, settings
from workflow_service.cases import access
from workflow_service.identity import actors
from workflow_service.storage import database as storage
from workflow_service.storage import migrations

database = click.option("--database", metavar="URL", help="数据库地址，默认 sqlite:///var/service.db")


def chosen(**given: Any) -> settings.Settings:
    """The settings of the environment, with what a command was given."""
    from_environment = settings.read()
    return settings.with_values(from_environment, {name: value for name, value in given.items() if value is not None})


@contextmanager
def writing(url: str | None, *acts: str) -> Iterator[Session]:
    """One transaction; what is done to people, units or calendars in it is recorded with it, for auditors."""
    with storage.transaction(serving.open_ready(chosen(database=url))) as session:
        yield session
        access.administered(session, actors.console("admin"), now(), *acts)
        access.write(session, access.pending(session))


@contextmanager
def looking(url: str | None) -> Iterator[Session]:
    """One state of everything, also while a service runs on it."""
    with storage.snapshot(storage.open_database(chosen(database=url).database, read_only=True)) as session:
        migrations.require_known(session.connection())
        yield session


def now() -> datetime:
    """What time it is."""
    return datetime.now(UTC)  # noqa: TID251  the command line is an entry point
