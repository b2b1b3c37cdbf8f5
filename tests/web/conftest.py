"""The city behind its pages: one prepared database that every test gets a copy of, and browsers for its people."""

import random
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import flask
import jinja2.bccache
import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests import city
from tests.conftest import NOW
from workflow_service import app as joined
from workflow_service import mail, settings, worker
from workflow_service.cases import ballots
from workflow_service.identity import credentials
from workflow_service.storage import database, people

PASSWORD = "correct horse 1"  # noqa: S105  made for these tests


@dataclass(frozen=True)
class Prepared:
    """A database file of the city with a token for everybody."""

    path: Path
    tokens: dict[str, str]


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory, migrated_sqlite: bytes) -> Prepared:
    path = tmp_path_factory.mktemp("city") / "city.db"
    path.write_bytes(migrated_sqlite)
    db = database.open_database(f"sqlite:///{path}")
    city.make(db, NOW)
    tokens = let_in(db)
    with db.engine.connect() as connection:
        connection.exec_driver_sql("COMMIT")
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.exec_driver_sql("BEGIN")
    db.engine.dispose()
    return Prepared(path, tokens)


def let_in(db: database.Database) -> dict[str, str]:
    """Gives everybody the password of these tests, and a token."""
    hashed = credentials.hash_random(PASSWORD)
    with database.transaction(db) as session:
        accounts = session.query(people.Account).all()
        for one in accounts:
            one.password = hashed
        return {one.name: credentials.issue_token(session, NOW, one.id, "test") for one in accounts}


@dataclass
class House:
    """The web application on a database of its own; ``time`` is what its clock says."""

    app: flask.Flask
    db: database.Database
    tokens: dict[str, str]
    time: datetime = NOW
    clients: dict[str, FlaskClient] = field(default_factory=dict)

    def api(self, who: str, method: str, path: str, body: Any = None, **more: Any) -> TestResponse:
        """A request of a program in somebody's name."""
        headers = {"Authorization": f"Bearer {self.tokens[who]}", **more.pop("headers", {})}
        client = self.app.test_client()
        given = {"json": body} if body is not None else {}
        return client.open(f"/api/v1{path}", method=method, headers=headers, **given, **more)

    def browser(self, who: str = "") -> "Browser":
        """A browser, signed in unless nobody is named."""
        made = Browser(self.app.test_client())
        if who:
            made.sign_in(who)
        return made


class Browser:
    """What a person does with a browser: follows pages, sends forms with their hidden token."""

    def __init__(self, client: FlaskClient) -> None:
        self.client, self.csrf = client, ""

    def sign_in(self, who: str, password: str = PASSWORD, **more: str) -> TestResponse:
        page = self.client.get("/signin").get_data(as_text=True)
        form = {"name": who, "password": password, "csrf": hidden(page, "csrf"), **more}
        answer = self.client.post("/signin", data=form)
        if answer.status_code == 303:
            self.csrf = meta_token(self.client.get("/profile").get_data(as_text=True))
        return answer

    def get(self, path: str, **more: Any) -> TestResponse:
        return self.client.get(path, **more)

    def post(self, path: str, **form: Any) -> TestResponse:
        return self.client.post(path, data={"csrf": self.csrf, **form}, content_type="multipart/form-data")


def hidden(page: str, name: str) -> str:
    """The value of a hidden field."""
    return page.split(f'name="{name}" value="')[1].split('"')[0]


def meta_token(page: str) -> str:
    """The token against forged requests that a page carries."""
    return page.split('name="csrf-token" content="')[1].split('"')[0]


@pytest.fixture
def house(tmp_path: Path, prepared: Prepared) -> Iterator[House]:
    path = tmp_path / "city.db"
    shutil.copy(prepared.path, path)
    db = database.open_database(f"sqlite:///{path}")
    yield build(db, dict(prepared.tokens), tmp_path)
    db.engine.dispose()


def build(db: database.Database, tokens: dict[str, str], folder: Path) -> House:
    """The web application on a database; its clock begins at the tests' own time."""
    made = House(flask.Flask("none"), db, tokens)
    chosen = replace(settings.Settings(), data_dir=str(folder), upload_limit=200_000)
    safe = ballots.Safe(b"test")
    one = worker.Worker("test", db, lambda: made.time, chosen, mail.Silent(), safe, random.Random(1))
    made.app = joined.create_app(chosen, lambda: made.time, one)
    made.app.jinja_env.bytecode_cache = _COMPILED
    return made


class _Compiled(jinja2.BytecodeCache):
    """Templates as they were compiled for the first application of a run; each test has an application of its own."""

    def __init__(self) -> None:
        self.kept: dict[str, bytes] = {}

    def load_bytecode(self, bucket: jinja2.bccache.Bucket) -> None:
        if bucket.key in self.kept:
            bucket.bytecode_from_string(self.kept[bucket.key])

    def dump_bytecode(self, bucket: jinja2.bccache.Bucket) -> None:
        self.kept[bucket.key] = bucket.bytecode_to_string()


_COMPILED = _Compiled()


@pytest.fixture
def opened(house: House) -> str:
    """The number of a case that has just been applied for."""
    answer = house.api("applicant_1", "POST", "/cases", {"process": "intake", "data": application()})
    assert answer.status_code == 201, answer.get_data(as_text=True)
    return str(answer.json["number"])


def application(**more: Any) -> dict[str, Any]:
    """What an applicant fills in."""
    return {
        "applicant_kind": "unit",
        "subjects": [{"kind": "leading_body", "name": "甲局领导班子", "org": "甲局", "org_type": "party_government"}],
        "matter": "加装电梯试点未达预期",
        "situation_codes": ["5.1"],
        "facts": "试行期间上级政策调整。",
        "declaration": True,
        **more,
    }


ACCEPTED = {"in_scope": True, "jurisdiction_ok": True, "materials_complete": True, "decision": "accept"}
