"""Takes a backup of a running service, and makes a service anew from one."""

import os
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.engine import make_url

from workflow_service import demo, errors, serving
from workflow_service.audit import oracle
from workflow_service.cases import jobs
from workflow_service.queues import embedded, postgres
from workflow_service.settings import Settings
from workflow_service.storage import archive, database, migrations


@dataclass(frozen=True)
class Kept:
    """What a backup holds, or what was restored from one: cases, rows in all, files, and the time of the snapshot."""

    cases: int
    rows: int
    files: int
    taken_at: datetime


def backup(chosen: Settings, real: Callable[[], datetime], path: Path, tick: archive.Tick) -> Kept:
    """Writes everything into one file, from one snapshot, while the service goes on.

    Raises:
        Conflict: the file exists already, the database has no tables yet or is of a newer release. Unavailable: it cannot
            be read or written.
    """
    if path.exists():
        raise errors.Conflict("文件“{path}”已存在，备份不覆盖它；请换一个名称", path=path)
    db = database.open_database(chosen.database, read_only=True)
    try:
        with _new_file(path) as part, database.snapshot(db) as session:
            migrations.require_known(session.connection())
            revision = migrations.revision(session.connection())
            if revision is None:
                raise errors.Conflict("数据库中还没有本服务的表，没有可备份的内容")
            taken_at = demo.now_in(session, real)
            data_dir = Path(chosen.data_dir)
            with part.open("wb") as file:
                written = archive.write(session.connection(), file, data_dir, (taken_at, revision), tick)
                file.flush()
                os.fsync(file.fileno())
    finally:
        db.engine.dispose()
    return Kept(written["case_file"], sum(written.values()), len(archive.kept_files(data_dir)), taken_at)


@contextmanager
def _new_file(path: Path) -> Iterator[Path]:
    """A file beside the wanted one, readable by its owner only, that takes its name when all went well."""
    part = path.with_name(f"{path.name}.part")
    try:
        os.close(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600))
        part.chmod(0o600)
        yield part
        part.rename(path)
    except OSError as error:
        raise errors.Unavailable("不能写入“{path}”：{reason}", path=path, reason=error.strerror) from error
    finally:
        part.unlink(missing_ok=True)


def restore(chosen: Settings, path: Path, tick: archive.Tick) -> Kept:
    """Fills an empty database and the data folder from a backup, in one transaction.

    Jobs that were under way go back to those to be done, under the same key: whoever is called a second time
    recognises it.

    Raises:
        Invalid: the file is no backup. Conflict: the database is not empty, or the file is damaged.
    """
    serving.make_folder(chosen.database)
    sqlite = make_url(chosen.database).get_backend_name() == "sqlite"
    held = embedded.exclusive(chosen.database) if sqlite else None
    try:
        with archive.opened(path) as packed:
            return _restore(chosen, packed, tick)
    finally:
        if held is not None:
            held.close()


def _restore(chosen: Settings, packed: zipfile.ZipFile, tick: archive.Tick) -> Kept:
    manifest = archive.open_manifest(packed)
    archive.prove(packed, manifest)
    db = database.open_database(chosen.database)
    try:
        _require_empty(db)
        migrations.upgrade(db, manifest.revision)
        if not db.is_sqlite:
            postgres.install(db)
            db.queue = postgres.Deferrer()
        with database.transaction(db) as session:
            archive.read(session.connection(), packed, manifest, tick)
            jobs.release_all(session, manifest.taken_at, died=False)
            jobs.wake_all(session)
            files = archive.read_files(packed, manifest, Path(chosen.data_dir))
        migrations.upgrade(db)
    finally:
        db.engine.dispose()
    return Kept(int(manifest.members["tables/case_file.jsonl"]["rows"]), manifest.rows, len(files), manifest.taken_at)


def _require_empty(db: database.Database) -> None:
    known = set(sa.inspect(db.engine).get_table_names())
    with database.reading(db) as session:
        for table in archive.in_order():
            if table.name in known and session.execute(sa.select(sa.literal(1)).select_from(table).limit(1)).first():
                raise errors.Conflict(
                    "数据库“{url}”不是空的（表“{table}”中有内容），恢复只写入空数据库；请另建一个，或先移走它",
                    url=db.engine.url.render_as_string(), table=table.name,
                )  # fmt: skip


def examine(chosen: Settings, taken_at: datetime, tick: Callable[[], None]) -> list[oracle.Fault]:
    """Every fault of a restored service, as it would have been seen at the time of its backup."""
    db = database.open_database(chosen.database, read_only=True)
    try:
        with database.snapshot(db) as session:
            return oracle.examine(session, taken_at, tick=tick)
    finally:
        db.engine.dispose()
