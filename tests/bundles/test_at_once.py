"""Two people with one bundle at the same moment, on PostgreSQL: the second sees what the first left, and nothing is lost."""

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from tests.conftest import NOW
from tests.meanwhile import Act, meanwhile
from workflow_service import errors
from workflow_service.bundles import programs, publish, read, stored
from workflow_service.identity.actors import Actor
from workflow_service.storage import database, reference

AUTHOR, OTHER, THIRD = (Actor(n, f"owner_{n}", "", frozenset({"process_owner"}), "", "city") for n in (1, 2, 3))


@pytest.fixture
def db(new_postgres: Callable[[], str]) -> Iterator[database.Database]:
    opened = database.open_database(new_postgres())
    yield opened
    opened.engine.dispose()


@pytest.fixture
def made(db: database.Database) -> int:
    """The id of a draft of two files."""
    return _made(db, "draft")


def _made(db: database.Database, status: str, text: bytes = b"1") -> int:
    with database.transaction(db) as session:
        origin = stored.Origin("city", {"forms/a.json": text, "forms/b.json": b"1"})
        bundle = stored.add(session, AUTHOR.name, NOW, origin)
        bundle.status = status
        return bundle.id


def _bundle(db: database.Database, bundle_id: int) -> tuple[reference.Bundle, dict[str, bytes]]:
    with database.reading(db) as session:
        bundle = publish.by_id(session, bundle_id)
        return bundle, publish.files_of(session, bundle)


def changing(bundle_id: int, by: Actor, name: str = "forms/a.json", content: bytes = b"2", expected: str = "") -> Act:
    """Saves a file as a page does: it looks at the draft and its files before it changes them."""

    def act(session: Session) -> None:
        publish.files_of(session, publish.by_id(session, bundle_id))
        publish.change(session, by, NOW, bundle_id, publish.Change(name, content, expected))

    return act


def turning(bundle_id: int, status: str) -> Act:
    return lambda session: setattr(stored.locked(session, bundle_id), "status", status)


def test_what_was_handed_in_meanwhile_is_not_changed(db: database.Database, made: int) -> None:
    refused = meanwhile(db, turning(made, "submitted"), changing(made, OTHER))

    assert isinstance(refused, errors.Conflict)
    assert _bundle(db, made)[1]["forms/a.json"] == b"1"


def test_both_who_change_a_draft_are_its_editors_and_its_hash_is_that_of_its_files(
    db: database.Database, made: int
) -> None:
    assert meanwhile(db, changing(made, OTHER), changing(made, THIRD, "forms/b.json")) is None

    bundle, files = _bundle(db, made)
    assert bundle.editors == [OTHER.name, THIRD.name]
    assert files == {"forms/a.json": b"2", "forms/b.json": b"2"}
    assert bundle.hash == read.Bundle.of(files).hash


def test_of_two_who_save_the_same_file_the_second_is_told(db: database.Database, made: int) -> None:
    opened = read.digest(b"1")

    refused = meanwhile(
        db, changing(made, OTHER, expected=opened), changing(made, THIRD, content=b"3", expected=opened)
    )

    assert isinstance(refused, errors.Conflict)
    assert _bundle(db, made)[1]["forms/a.json"] == b"2"


@pytest.mark.parametrize("decide", [publish.approve, lambda *given: publish.reject(*given, "no")])
def test_what_its_author_takes_back_meanwhile_is_not_decided_on(
    db: database.Database, decide: Callable[..., object]
) -> None:
    bundle_id = _made(db, "submitted")
    seen = _bundle(db, bundle_id)[0].hash

    def recall(session: Session) -> None:
        publish.recall(session, AUTHOR, NOW, bundle_id)
        session.flush()
        publish.change(session, AUTHOR, NOW, bundle_id, publish.Change("forms/a.json", b"2"))

    refused = meanwhile(db, recall, lambda session: decide(session, OTHER, NOW, seen))

    assert isinstance(refused, errors.Conflict)
    assert _bundle(db, bundle_id)[0].status == "draft"


def test_two_versions_published_at_once_have_two_numbers(db: database.Database) -> None:
    first = _made(db, "draft", b"0")
    with database.transaction(db) as session:
        stored.put_in_force(session, publish.by_id(session, first), NOW, AUTHOR.name)
    ids = [_made(db, "approved", text) for text in (b"1", b"2")]
    seen = [_bundle(db, one)[0].hash for one in ids]
    acts = [lambda session, one=one: publish.publish(session, AUTHOR, NOW + timedelta(1), one) for one in seen]  # type: ignore[misc]

    assert meanwhile(db, *acts) is None

    assert [_bundle(db, one)[0].version for one in (first, *ids)] == [1, 2, 3]


def test_a_version_is_not_read_from_a_draft_that_is_changedmeanwhile(db: database.Database, made: int) -> None:
    wanted = _bundle(db, made)[0].hash
    told = []

    def meddle(statement: str) -> None:
        if "bundle" in statement and not told:
            told.append(statement)
            with database.transaction(db) as other:
                changing(made, OTHER)(other)

    with database.reading(db) as session:
        sa.event.listen(db.engine, "after_cursor_execute", lambda _c, _cursor, statement, *_rest: meddle(statement))
        assert programs._files(session, wanted)["forms/a.json"] == b"1"  # noqa: SLF001  without compiling it
