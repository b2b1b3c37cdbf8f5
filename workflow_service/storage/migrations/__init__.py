"""Brings a database to the tables of this release; each step is one numbered file in ``versions``."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.exc import OperationalError

from workflow_service import errors
from workflow_service.storage.database import Database


def upgrade(db: Database) -> None:
    """Applies the steps that are missing, in one transaction.

    Raises:
        Unavailable: the database cannot be reached or written.
        Conflict: the database was made by a newer release.
    """
    config = _config()
    try:
        with db.engine.connect().execution_options(writes=True) as connection, connection.begin():
            known = {step.revision for step in ScriptDirectory.from_config(config).walk_revisions()}
            current = MigrationContext.configure(connection).get_current_revision()
            if current is not None and current not in known:
                raise errors.Conflict("数据库由更新的版本建立（{revision}），请使用相应版本的程序", revision=current)
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
    except OperationalError as error:
        raise errors.Unavailable(
            "不能打开或写入数据库“{url}”：{reason}", url=db.engine.url.render_as_string(), reason=error.orig
        ) from error


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.set_main_option("path_separator", "os")
    return config
