"""Writes a whole database into one archive file and reads it back: one format for SQLite and PostgreSQL.

A ZIP file with one member per table (``tables/<name>.jsonl``: a line of column names, then one line per row), the kept
files of the data folder (``files/<name>``), and ``manifest.json`` with the time, the revision, and for each member its
rows and SHA-256. The rows come from one snapshot, so cases go on while the archive is written.
"""

import base64
import hashlib
import os
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import IO, Any

import orjson
import sqlalchemy as sa

from workflow_service import errors
from workflow_service.storage import people, reference, sealed_parts, tables
from workflow_service.storage.columns import Json

FORMAT = "workflow-service-backup/1"
KEPT_FILES = ("*.key", "*.pem", "*.pub", "demo-people.json")
"""What of the data folder belongs to a backup: the keys, and the secrets of the demo people."""

_BATCH = 500

Tick = Callable[[str, int, int], None]
"""Told of progress: the table, how many rows of it are done, how many there are."""


@dataclass(frozen=True)
class Manifest:
    """What an archive holds.

    Args:
        taken_at: the service's time of the snapshot. revision: of the tables.
        members: for each member its ``rows`` and ``sha256``.
    """

    taken_at: datetime
    revision: str
    members: Mapping[str, Mapping[str, Any]]

    @property
    def rows(self) -> int:
        """How many rows there are in all."""
        return sum(int(one["rows"]) for one in self.members.values())


def in_order() -> list[sa.Table]:
    """Every table, each after those it refers to."""
    assert people and reference and sealed_parts  # imported so that their tables are known
    return list(tables.metadata.sorted_tables)


def write(
    connection: sa.Connection, to: IO[bytes], data_dir: Path, about: tuple[datetime, str], tick: Tick
) -> dict[str, int]:
    """Writes an archive from a connection that sees one snapshot; gives how many rows of each table.

    Args:
        about: the service's time and the revision of the tables.
    """
    members: dict[str, dict[str, Any]] = {}
    with zipfile.ZipFile(to, "w", zipfile.ZIP_DEFLATED, compresslevel=3) as archive:
        for table in in_order():
            members[f"tables/{table.name}.jsonl"] = _write_table(connection, archive, table, tick)
        for name in kept_files(data_dir):
            content = (data_dir / name).read_bytes()
            archive.writestr(f"files/{name}", content)
            members[f"files/{name}"] = {"rows": 0, "sha256": hashlib.sha256(content).hexdigest()}
        manifest = {"format": FORMAT, "taken_at": about[0].isoformat(), "revision": about[1], "members": members}
        archive.writestr("manifest.json", orjson.dumps(manifest, option=orjson.OPT_INDENT_2))
    return {table.name: members[f"tables/{table.name}.jsonl"]["rows"] for table in in_order()}


def kept_files(data_dir: Path) -> list[str]:
    """The names of the files of the data folder that belong to a backup."""
    return sorted({one.name for pattern in KEPT_FILES for one in data_dir.glob(pattern) if one.is_file()})


def _write_table(connection: sa.Connection, archive: zipfile.ZipFile, table: sa.Table, tick: Tick) -> dict[str, Any]:
    total = connection.scalar(sa.select(sa.func.count()).select_from(table)) or 0
    digest, done = hashlib.sha256(), 0
    with archive.open(f"tables/{table.name}.jsonl", "w", force_zip64=True) as member:
        for line in _lines(connection, table):
            member.write(line)
            digest.update(line)
            done += 1
            if done % _BATCH == 0:
                tick(table.name, done - 1, total)
    tick(table.name, total, total)
    return {"rows": total, "sha256": digest.hexdigest()}


def _lines(connection: sa.Connection, table: sa.Table) -> Iterator[bytes]:
    yield orjson.dumps([column.name for column in table.columns]) + b"\n"
    # a JSON column is copied as its text, so that not a byte of it changes
    columns = [sa.type_coerce(one, sa.Text) if isinstance(one.type, Json) else one for one in table.columns]
    query = sa.select(*columns).order_by(*table.primary_key.columns)
    for row in connection.execution_options(yield_per=_BATCH).execute(query):
        yield orjson.dumps([_plain(value) for value in row]) + b"\n"


def _plain(value: Any) -> Any:
    if isinstance(value, bytes | memoryview):
        return {"b": base64.b64encode(bytes(value)).decode()}
    return {"t": value.isoformat()} if isinstance(value, date) else value


_BROKEN = (KeyError, ValueError, zipfile.BadZipFile, zlib.error, OSError, EOFError, RuntimeError)
"""What reading a damaged archive can raise: its contents, its sizes, its method, its version or its marks are not what they were."""


@contextmanager
def opened(source: Path | IO[bytes]) -> Iterator[zipfile.ZipFile]:
    """An archive to read from; raises Invalid for what is none, or not whole any more."""
    try:
        packed = zipfile.ZipFile(source)
    except _BROKEN as error:
        raise errors.Invalid([], "不能读取备份文件：它不是备份，或没有写完整") from error
    with packed:
        yield packed


def open_manifest(archive: zipfile.ZipFile) -> Manifest:
    """What an archive says of itself; raises Invalid when it is none of ours."""
    try:
        said = orjson.loads(archive.read("manifest.json"))
    except _BROKEN as error:
        raise errors.Invalid([], "这不是本服务的备份文件：缺少清单，或文件已损坏") from error
    if said.get("format") != FORMAT:
        raise errors.Invalid([], "备份文件的格式不是本版本认识的格式，请使用相应版本的程序恢复")
    return Manifest(datetime.fromisoformat(said["taken_at"]), said["revision"], said["members"])


def prove(archive: zipfile.ZipFile, manifest: Manifest) -> None:
    """Raises Conflict naming the first member that is missing or is not as the manifest says."""
    for name, said in manifest.members.items():
        try:
            with archive.open(name) as member:
                found = _digest(member)
        except _BROKEN as error:
            raise errors.Conflict("备份文件已损坏：不能读出“{name}”", name=name) from error
        if found != said["sha256"]:
            raise errors.Conflict("备份文件已损坏：“{name}”的内容与清单不符", name=name)


def _digest(member: IO[bytes]) -> str:
    digest = hashlib.sha256()
    while block := member.read(1 << 20):
        digest.update(block)
    return digest.hexdigest()


def read(connection: sa.Connection, archive: zipfile.ZipFile, manifest: Manifest, tick: Tick) -> int:
    """Fills the empty tables of a connection's transaction from an archive; gives how many rows.

    Raises:
        Conflict: a table has other rows than the manifest says, or a column that this release does not know.
    """
    for table in in_order():
        name = f"tables/{table.name}.jsonl"
        said = int(manifest.members[name]["rows"]) if name in manifest.members else 0
        done = _read_table(connection, archive, table, said, tick) if said else 0
        if done != said:
            raise errors.Conflict(
                "备份文件已损坏：“{name}”有 {done} 行，清单为 {said} 行", name=name, done=done, said=said
            )
        continue_numbers(connection, table)
    return manifest.rows


def _read_table(connection: sa.Connection, archive: zipfile.ZipFile, table: sa.Table, said: int, tick: Tick) -> int:
    done, batch = 0, []
    with archive.open(f"tables/{table.name}.jsonl") as member:
        names = orjson.loads(next(member))
        unknown = [name for name in names if name not in table.columns]
        if unknown:
            raise errors.Conflict(
                "表“{table}”没有列“{column}”，请使用建立备份的版本恢复", table=table.name, column=unknown[0]
            )
        for line in member:
            batch.append(dict(zip(names, (_typed(value) for value in orjson.loads(line)), strict=True)))
            if len(batch) == _BATCH:
                done += _insert(connection, table, batch)
                tick(table.name, done, said)
    done += _insert(connection, table, batch)
    tick(table.name, done, said)
    return done


def _insert(connection: sa.Connection, table: sa.Table, batch: list[dict[str, Any]]) -> int:
    count = len(batch)
    if batch:
        values = {
            name: sa.bindparam(name, type_=sa.Text() if isinstance(table.c[name].type, Json) else table.c[name].type)
            for name in batch[0]
        }
        connection.execute(sa.insert(table).values(values), batch)
        batch.clear()
    return count


def _typed(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    if "b" in value:
        return base64.b64decode(value["b"])
    text = value["t"]
    return datetime.fromisoformat(text) if "T" in text else date.fromisoformat(text)


def continue_numbers(connection: sa.Connection, table: sa.Table) -> None:
    """PostgreSQL counts ids apart from the rows; the next one must come after the last that was put in."""
    key = table.autoincrement_column
    if key is None or connection.dialect.name != "postgresql":
        return
    sequence = connection.scalar(sa.select(sa.func.pg_get_serial_sequence(table.name, key.name)))
    last = connection.scalar(sa.select(sa.func.max(key)))
    if sequence and last is not None:
        connection.execute(sa.select(sa.func.setval(sequence, last)))


def read_files(archive: zipfile.ZipFile, manifest: Manifest, data_dir: Path) -> list[str]:
    """Puts the kept files back, readable by their owner only; gives their names.

    Raises:
        Conflict: a file is there already and says something else; it is never overwritten.
    """
    contents = {
        Path(name).name: archive.read(name) for name in manifest.members if name.startswith("files/")
    }  # only the last part of a name counts: an archive cannot reach another folder
    for name, content in contents.items():
        if (data_dir / name).exists() and (data_dir / name).read_bytes() != content:
            raise errors.Conflict("文件“{path}”已存在且内容不同，请先移走它，再恢复", path=data_dir / name)
    data_dir.mkdir(parents=True, exist_ok=True)
    for name, content in contents.items():
        handle = os.open(data_dir / name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(content)
    return sorted(contents)
