"""Brings a database to the tables of this release; each step is one numbered file in ``versions``."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text
from sqlalchemy.exc import OperationalError

from workflow_service import errors
from workflow_service.storage.database import Database


def upgrade(db: Database, to: str = "head") -> None:
    """Applies the steps that are missing up to a revision, in one transaction.

    Raises:
        Unavailable: the database cannot be reached or written.
        Conflict: the database, or what is to be restored into it, was made by a newer release.
    """
    config = _config()
    try:
        with db.engine.connect().execution_options(writes=True) as connection, connection.begin():
            lock_schema(connection)
            require_known(connection)
            if to not in {*_known(config), "head"}:
                raise errors.Conflict("备份由更新的版本制作（{revision}），请先升级程序再恢复", revision=to)
            config.attributes["connection"] = connection
            command.upgrade(config, to)
    except OperationalError as error:
        raise errors.Unavailable(
            "不能打开或写入数据库“{url}”：{reason}", url=db.engine.url.render_as_string(), reason=error.orig
        ) from error


def lock_schema(connection: Connection) -> None:
    """Lets one process at a time make or change tables, for as long as it takes; SQLite has one writer anyway."""
    if connection.dialect.name != "sqlite":
        connection.execute(text("SET LOCAL lock_timeout = 0"))
        connection.execute(text("SELECT pg_advisory_xact_lock(815001)"))
        connection.execute(text("SET LOCAL lock_timeout TO DEFAULT"))


def revision(connection: Connection) -> str | None:
    """The revision of a database's tables; None when it has none of ours."""
    return MigrationContext.configure(connection).get_current_revision()


def require_known(connection: Connection) -> None:
    """Raises Conflict for a database that a newer release has made: this one would misread it, or lose what it doesn't know."""
    current = revision(connection)
    if current is not None and current not in _known(_config()):
        raise errors.Conflict(
            "数据库“{url}”由更新的版本建立（{revision}），本程序不能使用；请升级程序，或另选数据库。"
            "The database was made by a newer release ({revision}); upgrade the program or choose another database.",
            url=connection.engine.url.render_as_string(),
            revision=current,
        )


def _known(config: Config) -> set[str]:
    return {step.revision for step in ScriptDirectory.from_config(config).walk_revisions()}


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.set_main_option("path_separator", "os")
    return config
