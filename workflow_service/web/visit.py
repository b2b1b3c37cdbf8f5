"""What a request brings along: the site it came to, who sent it, the time, and a session of the database."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import flask
from sqlalchemy.orm import Session

from workflow_service import demo, errors, worker
from workflow_service.cases import access, effects
from workflow_service.identity.actors import Actor
from workflow_service.settings import Settings
from workflow_service.storage import database

EXTENSION = "workflow_service"
_LOOKS, _PAUSE = 60, 0.05
"""How often, and after how many seconds, to look whether the machines are done before answering all the same."""


@dataclass(frozen=True)
class Site:
    """What the pages of one installation stand on.

    Args:
        settings, clock: how it runs, and its time (UTC).
        worker: this process's worker; it has the database, the mail and the safe for sealed opinions.
        movable: the demo's clock, None outside demo mode.
    """

    settings: Settings
    clock: Callable[[], datetime]
    worker: worker.Worker
    movable: demo.MovableClock | None = None

    @property
    def db(self) -> database.Database:
        return self.worker.db


def site() -> Site:
    """The installation that this request came to."""
    found: Site = flask.current_app.extensions[EXTENSION]
    return found


def kept() -> Any:
    """What is kept for this request: ``flask.g`` itself, which looks for itself at each word said to it."""
    return _itself(flask.g)


def asked() -> flask.Request:
    """This request itself, likewise."""
    request: flask.Request = _itself(flask.request)
    return request


def _itself(proxy: Any) -> Any:
    return proxy._get_current_object()  # noqa: SLF001  Werkzeug's documented way to be quick


def now() -> datetime:
    """The time of this request, UTC; the same however often it is asked."""
    mine = kept()
    at: datetime | None = mine.get("now")
    if at is None:
        at = mine.now = site().clock()
    return at


def actor() -> Actor:
    """Who sent this request; raises NotSignedIn when nobody is known."""
    found: Actor | None = flask.g.get("actor")
    if found is None:
        raise errors.NotSignedIn("请先登录")
    return found


def somebody() -> Actor | None:
    """Who sent this request, None when nobody is known."""
    found: Actor | None = flask.g.get("actor")
    return found


@contextmanager
def reading() -> Iterator[Session]:
    """A session that changes nothing; what it was used to look at is written down when the request ends."""
    with database.reading(site().db) as session:
        try:
            yield session
        finally:
            flask.g.setdefault("accesses", []).extend(access.pending(session))


@contextmanager
def writing() -> Iterator[Session]:
    """A session whose work is committed together; what it was used to look at is written along."""
    with database.transaction(site().db) as session:
        try:
            yield session
        except errors.ServiceError:
            flask.g.setdefault("accesses", []).extend(access.pending(session))  # a refusal is undone, not forgotten
            raise
        access.write(session, access.pending(session))
        if effects.has_woken(session):
            flask.g.woken = True


def write_accesses(answer: flask.Response) -> flask.Response:
    """Writes down what this request looked at, before the answer leaves: what can't be recorded is not shown."""
    looked = flask.g.pop("accesses", [])
    if looked:
        with database.transaction(site().db, hurried=True) as session:
            access.write(session, looked)
    return answer


def follow(number: str) -> None:
    """Works off what a case asks of machines, so that the person who moved it sees what follows.

    With workers of their own this is left to them; a failure is theirs to record as well, not the submitter's.
    """
    if not site().db.is_sqlite or not flask.g.get("woken", False):
        return
    for _ in range(_LOOKS):
        try:
            if not worker.settle_case(site().worker, number):
                return
        except (errors.ServiceError, KeyError):
            flask.current_app.logger.warning("left to the worker: %s", number, exc_info=True)
            return
        time.sleep(_PAUSE)  # this process's dispatcher has a job of the case in hand


def text_of(name: str, most: int = 200) -> str:
    """A query parameter as clean text: no control characters, at most so long."""
    raw = flask.request.args.get(name, "")
    return "".join(one for one in raw if one.isprintable())[:most].strip()


def whole_of(name: str, default: int, least: int, most: int) -> int:
    """A query parameter as a whole number within its limits; raises Invalid naming it."""
    raw = flask.request.args.get(name, "")
    if not raw:
        return default
    if not (raw.isascii() and raw.isdigit() and len(raw) <= 12 and least <= int(raw) <= most):
        params = (("name", name), ("least", least), ("most", most))
        raise errors.Invalid(
            [errors.FieldError(name, "range", "参数“{name}”须为{least}至{most}之间的整数", params)], "请求参数有误"
        )
    return int(raw)
