"""Brings a database to the tables of this release; each step is one numbered file in ``versions``."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection
from sqlalchemy.exc import OperationalError

from workflow_service import errors
from workflow_service.storage.database import Database


def upgrade(db: Database, to: str = "head") -> None:
    """Applies the steps that are missing up to a revision, in one transaction.

    Raises:
        Unavailable: the database cannot be reached or written.
        Conflict: the database was made by a newer release.
    """
    config = _config()
    try:
        with db.engine.connect().execution_options(writes=True) as connection, connection.begin():
            known = {step.revision for step in ScriptDirectory.from_config(config).walk_revisions()}
            current = MigrationContext.configure(connection).get_current_revision()
            unknown = {one for one in (current, to) if one} - known - {"head"}
            if unknown:
                raise errors.Conflict(
                    "数据库由更新的版本建立（{revision}），请使用相应版本的程序", revision=min(unknown)
                )
            config.attributes["connection"] = connection
            command.upgrade(config, to)
    except OperationalError as error:
        raise errors.Unavailable(
            "不能打开或写入数据库“{url}”：{reason}", url=db.engine.url.render_as_string(), reason=error.orig
        ) from error


def revision(connection: Connection) -> str | None:
    """The revision of a database's tables; None when it has none of ours."""
    return MigrationContext.configure(connection).get_current_revision()


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.set_main_option("path_separator", "os")
    return config
