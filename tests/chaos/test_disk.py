"""The disk is full: nothing is taken by halves, everybody is told, who only looks goes on, and all is well once there is room."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from io import BytesIO
from typing import Any

import sqlalchemy as sa
from werkzeug.test import TestResponse

from tests import city
from tests.web.conftest import ACCEPTED, PASSWORD, Browser, House, application, hidden
from workflow_service import errors, worker
from workflow_service.audit import oracle
from workflow_service.cases import ballots
from workflow_service.storage import database, tables

CHINESE, ENGLISH = "本次操作没有保存", "nothing was saved"
LOOKING = (
    "/inbox", "/inbox?scope=all", "/cases", "/notices", "/profile", "/start", "/api/v1/tasks?scope=all",
    "/api/v1/cases", "/healthz", "/readyz", "/metrics",
)  # fmt: skip
"""What shows lists only, so that nothing about its reader need be written down."""


@contextmanager
def full_disk(db: database.Database) -> Iterator[None]:
    """While it holds, the database has no room left: whatever needs some fails as it does when the disk is full."""
    with (_no_more_pages if db.is_sqlite else _no_more_rows)(db):
        yield


@contextmanager
def _no_more_pages(db: database.Database) -> Iterator[None]:
    """SQLite gives the very error of a full disk when its file may not grow; small things may still fit in it."""
    limit = 1

    def limited(connection: Any, *_: object) -> None:
        connection.execute(f"PRAGMA max_page_count = {limit}")

    sa.event.listen(db.engine, "checkout", limited)
    db.engine.dispose()  # connections that were opened before know no limit
    try:
        yield
    finally:
        limit = 1_000_000_000
        with db.engine.connect():
            pass
        db.engine.dispose()
        sa.event.remove(db.engine, "checkout", limited)


@contextmanager
def _no_more_rows(db: database.Database) -> Iterator[None]:
    """PostgreSQL gives the code 53100 for any new or changed row."""
    names = [table.name for table in tables.metadata.sorted_tables]
    with db.engine.begin() as connection:
        connection.exec_driver_sql(
            "CREATE FUNCTION no_room() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
            "RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = '53100'; END $$"
        )
        for name in names:
            connection.exec_driver_sql(
                f"CREATE TRIGGER no_room BEFORE INSERT OR UPDATE ON {name} EXECUTE FUNCTION no_room()"
            )
    try:
        yield
    finally:
        with db.engine.begin() as connection:
            connection.exec_driver_sql("DROP FUNCTION no_room CASCADE")


def _settle(house: House) -> None:
    city.City(house.db, house.time, ballots.Safe(b"test")).settle()


def _sound(house: House) -> None:
    with database.reading(house.db) as session:
        assert oracle.examine(session, house.time) == []


def _open(house: House, n: int, language: str = "zh") -> TestResponse:
    headers = {"Idempotency-Key": f"case-{n}", "Accept-Language": language}
    body = {"process": "intake", "data": application(matter=f"案{n}", facts="情况" * 2000)}
    return house.api("applicant_1", "POST", "/cases", body, headers=headers)


def _refused(answer: TestResponse, sentence: str = CHINESE) -> bool:
    """Whether the answer is the refusal of a full disk; then it must say so in the reader's language."""
    assert answer.status_code in (200, 201, 303, 503), answer.get_data(as_text=True)
    if answer.status_code == 503:
        assert sentence in answer.get_data(as_text=True)
    return answer.status_code == 503


def _numbers(house: House) -> set[str]:
    with database.reading(house.db) as session:
        return set(session.scalars(sa.select(tables.Case.number)))


def test_what_finds_no_room_is_refused_with_a_sentence_and_done_once_there_is_some(house: House) -> None:
    kept: dict[int, str] = {}
    with full_disk(house.db):
        for n in range(100):
            answer = _open(house, n, "en" if n % 2 else "zh")
            if not _refused(answer, ENGLISH if n % 2 else CHINESE):
                kept[n] = answer.json["number"]
        assert len(kept) < 50  # it did become full
        assert _numbers(house) == set(kept.values())

    again = {n: _open(house, n).json["number"] for n in range(100)}

    assert kept.items() <= again.items()
    assert _numbers(house) == set(again.values()) and len(_numbers(house)) == 100
    _settle(house)
    _sound(house)


def _until_full(house: House) -> None:
    """Lets cases come until the last room is taken."""
    n = 0
    while not _refused(_open(house, n)):
        n += 1


def test_a_submitted_form_is_refused_and_counts_when_it_is_sent_again(house: House) -> None:
    number = _open(house, 999).json["number"]
    _settle(house)
    task = f"{number}.r1.review_acceptance.1"
    house.api("clerk_1", "POST", f"/tasks/{task}/claim")

    def send(language: str = "zh") -> TestResponse:
        headers = {"Idempotency-Key": "review", "Accept-Language": language}
        body = {"data": ACCEPTED | {"reason": "理由" * 3000}}
        return house.api("clerk_1", "POST", f"/tasks/{task}/submission", body, headers=headers)

    with full_disk(house.db):
        _until_full(house)
        assert _refused(send())
        assert _refused(send("en"), ENGLISH)
        with database.reading(house.db) as session:
            assert session.get_one(tables.Task, task).status == "open"

    assert send().status_code == 200
    _settle(house)
    _sound(house)


def test_who_only_looks_goes_on(house: House) -> None:
    number = _open(house, 999).json["number"]
    _settle(house)
    clerk, operator = house.browser("clerk_1"), house.browser("operator_1")
    house.time += timedelta(minutes=2)  # long enough ago that each page would note that its reader is still there

    with full_disk(house.db):
        _until_full(house)
        for path in LOOKING:
            assert clerk.get(path).status_code == 200, path
        for tab in ("incidents", "closed", "jobs", "workers", "mail"):
            assert operator.get(f"/operations?tab={tab}").status_code == 200
        # reading a case is written down, and what can't be is not shown
        for path in (f"/cases/{number}", f"/tasks/{number}.r1.review_acceptance.1", f"/api/v1/cases/{number}"):
            assert _refused(clerk.get(path)) or house.db.is_sqlite  # there the line may still fit


def test_pages_that_write_say_that_they_cannot(house: House) -> None:
    clerk = house.browser("clerk_1")
    number = _open(house, 999).json["number"]
    _settle(house)

    with full_disk(house.db):
        _until_full(house)
        for _ in range(100):
            if _refused(clerk.post(f"/cases/{number}/comments", text="备注" * 2000)):
                break
        assert _refused(clerk.post(f"/cases/{number}/comments", text="备注" * 2000))
        assert _sign_in(house).status_code in (303, 503)

    assert clerk.post(f"/cases/{number}/comments", text="备注").status_code == 303
    assert _sign_in(house).status_code == 303
    _settle(house)
    _sound(house)


def _sign_in(house: House) -> TestResponse:
    browser = Browser(house.app.test_client())
    csrf = hidden(browser.get("/signin").get_data(as_text=True), "csrf")
    answer = browser.client.post("/signin", data={"name": "clerk_2", "password": PASSWORD, "csrf": csrf})
    _refused(answer)
    return answer


def test_a_file_that_finds_no_room_is_refused(house: House) -> None:
    def send() -> TestResponse:
        data = {"file": (BytesIO(b"x" * 150_000), "a.txt")}
        return house.api("clerk_1", "POST", "/attachments", data=data, content_type="multipart/form-data")

    with full_disk(house.db):
        assert send().status_code == 503
    assert send().status_code == 201


def test_a_worker_without_room_loses_no_job_and_gives_none_up(house: House) -> None:
    _open(house, 999)
    one = house.app.extensions["workflow_service"].worker
    with full_disk(house.db):
        _until_full(house)
        for _ in range(20):
            for act in (worker.settle, worker.sweep):  # as the worker's loop does, which goes on whatever happens
                with suppress(errors.Unavailable):
                    act(one)
            house.time += timedelta(minutes=2)

    worker.sweep(one)
    house.time += timedelta(minutes=2)
    worker.settle(one)

    with database.reading(house.db) as session:
        assert session.query(tables.Incident).count() == 0
        assert session.query(tables.Job).filter(tables.Job.status != "done").count() == 0
    _sound(house)
