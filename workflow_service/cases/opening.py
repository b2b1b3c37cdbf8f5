"""Opens a case: the process begins and its first form is submitted in the same transaction."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from workflow_service import errors
from workflow_service.bundles import programs
from workflow_service.cases import answers, library, lifecycle, once, queries, scope, sealed
from workflow_service.engine import view
from workflow_service.identity import permissions
from workflow_service.identity.actors import Actor
from workflow_service.storage import tables


@dataclass(frozen=True)
class Opening:
    """What is to be opened: a process with its first form's fields, for a place, under an idempotency key."""

    process: str
    data: dict[str, Any]
    place: str | None = None
    key: str = ""


def open_once(session: Session, actor: Actor, now: datetime, wanted: Opening) -> tables.Case:
    """Opens a case, once for each key: a client that got no answer asks again and gets the same case.

    Raises:
        KeyUsed: the key was used for other fields.
    """
    if not wanted.key:
        return open_case(session, actor, now, wanted.process, wanted.data, wanted.place)
    content = {"process": wanted.process, "data": wanted.data, "place": wanted.place}

    def act() -> tuple[str, dict[str, Any]]:
        number = open_case(session, actor, now, wanted.process, wanted.data, wanted.place).number
        return number, {"case": number}

    answer = once.done(session, actor, now, f"open:{wanted.key}", content, act)
    return queries.found(session, answer["case"])


def open_case(  # noqa: PLR0913  who opens what where
    session: Session, actor: Actor, now: datetime, process: str, data: dict[str, Any], place: str | None = None
) -> tables.Case:
    """Opens a case with the fields of the process's first form.

    Args:
        process: a process that people may start (``intake``, ``early_warning``, ``typical_case``).
        place: whose case it is; the opener's own place unless the opener's duties reach further.

    Raises:
        NotFound: no such process. NotAllowed: the role may not start it. Invalid: wrong fields, each named.
    """
    permissions.require(actor, permissions.Permission.CASE_OPEN)
    where = place or actor.place
    if where != actor.place and not (actor.place == "city" and actor.roles & permissions.HANDLING):
        raise errors.NotAllowed("不能为其他地区发起案件")
    loaded = programs.of(session, programs.in_force(session, where))
    entrance = _entrance(loaded, actor, process)
    asked = library.asked(session, where, data["source_case"]) if "source_case" in data else []
    case = lifecycle.create(session, actor, now, process, where, loaded.hash, {"asked": asked} if asked else None)
    known = scope.of_data(actor, now, view.Family(case.shared, {}), {})
    form = loaded.form(entrance.form)
    given = sealed.put_away(session, actor, now, case, form, answers.judged(session, actor, case, form, data, known))
    lifecycle.begin(session, actor, now, case, lifecycle.FirstForm(entrance.first_task, given, actor.name))
    return case


def _entrance(loaded: programs.Loaded, actor: Actor, process: str) -> view.Entrance:
    for entrance in loaded.program.entrances:
        if entrance.process == process and not entrance.message:
            if not actor.roles & set(entrance.roles):
                raise errors.NotAllowed("您的角色不能发起“{name}”", name=entrance.name, name_en=entrance.name_en)
            return entrance
    raise errors.NotFound("没有可以发起的流程“{process}”", process=process)
