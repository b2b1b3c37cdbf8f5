"""What commands share: the settings and the database they are given, and the machine's clock."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.orm import Session

from workflow_service import errors, serving, settings
from workflow_service.cases import access
from workflow_service.identity import actors
from workflow_service.storage import database as storage
from workflow_service.storage import migrations

database = click.option("--database", metavar="URL", help="数据库地址，默认 sqlite:///var/service.db")


def chosen(**given: Any) -> settings.Settings:
    """The settings of the environment, with what a command was given."""
    made = settings.with_values(settings.read(), {name: value for name, value in given.items() if value is not None})
    _require_url(made.database)
    return made


def _require_url(text: str) -> None:
    try:
        kind = make_url(text).get_backend_name()
    except ArgumentError:
        kind = ""
    if kind not in ("sqlite", "postgresql"):
        raise ValueError(
            f"数据库地址“{re.sub(r':[^:@/]*@', ':***@', text)}”不能使用，应如 sqlite:///var/service.db 或 postgresql+psycopg://用户:密码@主机/数据库"
        )


def tell_misspelt() -> None:
    """Points out variables that look like settings and set nothing."""
    for name in settings.unknown():
        click.echo(f"提示：没有设置“{name}”，它不起作用；各项设置见 docs/operations.md", err=True)


def existing(made: settings.Settings) -> settings.Settings:
    """The settings, for what makes no database; raises NotFound for a file that is not there."""
    url = make_url(made.database)
    path = url.database if url.get_backend_name() == "sqlite" else None
    if path not in (None, "", ":memory:") and not Path(str(path)).exists():
        raise errors.NotFound("没有数据库文件“{path}”，请检查 --database", path=path)
    return made


@contextmanager
def writing(url: str | None, *acts: str, new: bool = False) -> Iterator[Session]:
    """One transaction; what is done to people, units or calendars in it is recorded with it, for auditors.

    Args:
        new: a database that is not there yet is made.
    """
    made = chosen(database=url)
    with storage.transaction(serving.open_ready(made if new else existing(made))) as session:
        yield session
        access.administered(session, actors.console("admin"), now(), *acts)
        access.write(session, access.pending(session))


@contextmanager
def looking(url: str | None) -> Iterator[Session]:
    """One state of everything, also while a service runs on it."""
    made = existing(chosen(database=url))
    with storage.snapshot(storage.open_database(made.database, read_only=True)) as session:
        migrations.require_known(session.connection())
        if migrations.revision(session.connection()) is None:
            raise errors.Conflict(
                "数据库“{url}”中还没有本服务的表，请检查 --database", url=make_url(made.database).render_as_string()
            )
        yield session


def now() -> datetime:
    """What time it is."""
    return datetime.now(UTC)  # noqa: TID251  the command line is an entry point
