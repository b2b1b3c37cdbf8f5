"""Signing in: passwords, lock-out, sessions that end, tokens that can be taken back."""

from datetime import datetime, timedelta
from typing import Any

import argon2
import pytest
import sqlalchemy as sa

from tests.chaos.test_races import at_once
from workflow_service import errors
from workflow_service.chinese_time import SHANGHAI
from workflow_service.identity import accounts, credentials, roster, substitutes, units
from workflow_service.identity.actors import Actor
from workflow_service.storage import database, people, tables

ADMIN = Actor(0, "root", "管理员", frozenset({"admin"}), "", "city")
PASSWORD = "correct horse battery"  # noqa: S105  a test's own


@pytest.fixture
def wang(db: database.Database, now: datetime) -> database.Database:
    with database.transaction(db) as session:
        units.add(session, "office", "办公室", "city", "市本级")
        session.flush()
        accounts.create(session, ADMIN, now, accounts.NewPerson("wang", "王芳", "office", ("clerk",), PASSWORD))
    return db


def _try(
    db: database.Database, now: datetime, password: str, name: str = "wang", address: str = "10.0.0.1"
) -> credentials.SignIn:
    with database.transaction(db) as session:
        return credentials.sign_in(session, now, name, password, address)


def test_the_right_password_opens_a_session_of_that_person(wang: database.Database, now: datetime) -> None:
    token = _try(wang, now, PASSWORD).token

    with database.reading(wang) as session:
        known = credentials.of_session(session, now, token or "")
    assert known is not None
    assert (known.actor.name, known.actor.roles, known.actor.place) == ("wang", frozenset({"clerk"}), "city")


def test_unknown_names_and_wrong_passwords_get_the_same_answer(wang: database.Database, now: datetime) -> None:
    assert _try(wang, now, "wrong password").refusal == _try(wang, now, PASSWORD, name="nobody").refusal != ""


def test_five_failures_lock_the_name_for_a_quarter_of_an_hour(wang: database.Database, now: datetime) -> None:
    for _ in range(5):
        _try(wang, now, "wrong password")

    assert _try(wang, now, PASSWORD).token is None
    assert _try(wang, now, PASSWORD, address="10.0.0.2").token is not None
    assert _try(wang, now + timedelta(minutes=16), PASSWORD).token is not None


def test_those_who_try_at_once_have_no_more_tries(wang: database.Database, now: datetime) -> None:
    outcomes = at_once(8, lambda _n: _try(wang, now, "wrong password").refusal)

    assert sorted(outcomes.values()) == [3, 5]  # five were wrong, three were locked out already
    assert _try(wang, now, PASSWORD).token is None


def test_many_names_from_one_address_lock_the_address(wang: database.Database, now: datetime) -> None:
    before = people.FailedSignIn(key="|10.0.0.1", count=credentials.TRIES_PER_ADDRESS - 2, last_at=now)
    with database.transaction(wang) as session:
        session.add(before)
    _try(wang, now, "wrong password", name="li")
    assert _try(wang, now, PASSWORD).token is not None

    _try(wang, now, "wrong password", name="zhao")

    assert _try(wang, now, PASSWORD).token is None
    assert _try(wang, now, PASSWORD, address="10.0.0.2").token is not None


@pytest.mark.parametrize("later", [timedelta(minutes=61), timedelta(hours=13)])
def test_a_session_ends_by_itself(wang: database.Database, now: datetime, later: timedelta) -> None:
    token = _try(wang, now, PASSWORD).token or ""

    with database.reading(wang) as session:
        assert credentials.of_session(session, now + later, token) is None


def test_a_session_ends_at_sign_out_and_when_the_account_is_closed(wang: database.Database, now: datetime) -> None:
    first, second = _try(wang, now, PASSWORD).token or "", _try(wang, now, PASSWORD).token or ""

    with database.transaction(wang) as session:
        credentials.sign_out(session, now, first)
    with database.reading(wang) as session:
        assert credentials.of_session(session, now, first) is None
        assert credentials.of_session(session, now, second) is not None
    with database.transaction(wang) as session:
        accounts.disable(session, ADMIN, "wang")

    with database.reading(wang) as session:
        assert credentials.of_session(session, now, second) is None
    assert _try(wang, now, PASSWORD).token is None


def test_a_token_is_known_only_by_its_hash(wang: database.Database, now: datetime) -> None:
    with database.transaction(wang) as session:
        account = roster.by_name(session, "wang")
        token = credentials.issue_token(session, now, account.id, "test")

    with database.reading(wang) as session:
        actor = credentials.of_token(session, token)
        assert actor is not None and actor.name == "wang"
        assert credentials.of_token(session, token[:-1] + "0") is None or token.endswith("0")
        stored = session.execute(sa.text("SELECT token_hash FROM api_token")).scalar()
    assert stored != token


def test_a_token_is_taken_back_by_its_label(wang: database.Database, now: datetime) -> None:
    with database.transaction(wang) as session:
        account = roster.by_name(session, "wang")
        first, second = (credentials.issue_token(session, now, account.id, label) for label in ("one", "two"))

    with database.transaction(wang) as session:
        assert credentials.revoke_tokens(session, now, account.id, "one") == 1

    with database.reading(wang) as session:
        assert credentials.of_token(session, first) is None
        assert credentials.of_token(session, second) is not None
    with database.transaction(wang) as session:
        assert credentials.revoke_tokens(session, now, account.id) == 1


def test_short_passwords_are_refused(wang: database.Database, now: datetime) -> None:
    with pytest.raises(errors.Invalid), database.transaction(wang) as session:
        accounts.create(session, ADMIN, now, accounts.NewPerson("li", "李", "office", (), "short"))


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"name": "wang"}, "name"),
        ({"name": "Wang"}, "name"),  # would be taken for the other
        ({"name": "\uff4ci"}, "name"),  # a letter of full width
        ({"name": "li\u202e"}, "name"),
        ({"name": "l" * 41}, "name"),
        ({"display_name": "\u200b"}, "display_name"),  # nobody would see it
        ({"display_name": "李\u202e明"}, "display_name"),
        ({"display_name": "长" * 81}, "display_name"),
        ({"email": "li@a.example\nBcc: x@y.example"}, "email"),
        ({"email": "李"}, "email"),
        ({"unit": "nowhere"}, "unit"),
        ({"roles": ("admin", "auditor")}, "roles"),
    ],
)
def test_an_account_that_cannot_be_is_refused_by_its_field(
    wang: database.Database, now: datetime, given: dict[str, Any], field: str
) -> None:
    person = {
        "name": "li",
        "display_name": "李明",
        "unit": "office",
        "roles": ("clerk",),
        "password": PASSWORD,
        **given,
    }

    with pytest.raises(errors.Invalid) as refused, database.transaction(wang) as session:
        accounts.create(session, ADMIN, now, accounts.NewPerson(**person))

    assert [one.field for one in refused.value.errors] == [field]


def test_a_new_password_ends_the_lock_out_as_well(wang: database.Database, now: datetime) -> None:
    for _ in range(5):
        _try(wang, now, "wrong password")
        _try(wang, now, "wrong password", name="wang_2")

    with database.transaction(wang) as session:
        accounts.reset_password(session, ADMIN, now, "wang", "another long password")

    assert _try(wang, now, "another long password").token is not None
    assert "15分钟" in _try(wang, now, PASSWORD, name="wang_2").refusal


def test_nobody_closes_the_own_account(wang: database.Database) -> None:
    admin = Actor(1, "wang", "王芳", frozenset({"admin"}), "office", "city")

    with pytest.raises(errors.NotAllowed), database.transaction(wang) as session:
        accounts.disable(session, admin, "wang")


def test_nobody_gives_roles_to_oneself(wang: database.Database, now: datetime) -> None:
    admin = Actor(1, "wang", "王芳", frozenset({"admin"}), "office", "city")

    with pytest.raises(errors.NotAllowed), database.transaction(wang) as session:
        accounts.set_roles(session, admin, now, "wang", ["admin", "chief"])


def test_a_changed_password_ends_every_session(wang: database.Database, now: datetime) -> None:
    token = _try(wang, now, PASSWORD).token or ""
    with database.reading(wang) as session:
        known = credentials.of_session(session, now, token)
    assert known is not None

    with database.transaction(wang) as session:
        credentials.change_password(session, known.actor, now, PASSWORD, "another long password")

    with database.reading(wang) as session:
        assert credentials.of_session(session, now, token) is None
    assert _try(wang, now, PASSWORD).token is None


def test_a_substitute_acts_for_an_absent_person_only_in_that_time(wang: database.Database, now: datetime) -> None:
    with database.transaction(wang) as session:
        accounts.create(session, ADMIN, now, accounts.NewPerson("li", "李明", "office", ("chief",), PASSWORD))
    absent = Actor(2, "li", "李明", frozenset({"chief"}), "office", "city")

    with database.transaction(wang) as session:
        substitutes.appoint(session, absent, now, "wang", now, now + timedelta(days=3))

    with database.reading(wang) as session:
        assert substitutes.absent_people(session, now + timedelta(days=1), "wang") == [("li", frozenset({"chief"}))]
        assert substitutes.absent_people(session, now + timedelta(days=4), "wang") == []


def test_who_only_applies_does_not_stand_in_for_who_handles_cases(wang: database.Database, now: datetime) -> None:
    clerk = Actor(1, "wang", "王芳", frozenset({"clerk"}), "office", "city")
    with database.transaction(wang) as session:
        units.add(session, "county", "县办公室", "east", "东县")
        session.flush()
        for name, unit, role in (
            ("zhao", "office", "applicant"),
            ("sun", "county", "clerk"),
            ("li", "office", "chief"),
        ):
            accounts.create(session, ADMIN, now, accounts.NewPerson(name, name, unit, (role,), PASSWORD))

    for name in ("zhao", "sun"):
        with pytest.raises(errors.Invalid) as refused, database.transaction(wang) as session:
            substitutes.appoint(session, clerk, now, name, now, now + timedelta(days=3))
        assert [one.code for one in refused.value.errors] == ["unsuitable"]
    with database.transaction(wang) as session:
        substitutes.appoint(session, clerk, now, "li", now, now + timedelta(days=3))

    with database.reading(wang) as session:
        told = session.query(tables.Notice).filter_by(account="li").one()
        assert told.title == "请您代为办理" and told.text.startswith(
            f"王芳请您自{now.astimezone(SHANGHAI):%Y-%m-%d %H:%M}至"
        )


def test_an_unknown_name_costs_as_much_as_a_known_one() -> None:
    known, unknown = credentials.hash_password("a password long enough"), credentials._DUMMY  # noqa: SLF001  nothing else shows it

    assert argon2.extract_parameters(unknown) == argon2.extract_parameters(known)
