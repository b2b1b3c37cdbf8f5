"""Does a thing once for each key: whoever got no answer asks again and gets the first one."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy.orm import Session

from workflow_service import errors
from workflow_service.identity.actors import Actor
from workflow_service.storage import database, looks, steps


def done(  # noqa: PLR0913  who does what under which key
    session: Session,
    actor: Actor,
    now: datetime,
    key: str,
    content: Mapping[str, Any],
    act: Callable[[], tuple[str, dict[str, Any]]],
) -> dict[str, Any]:
    """The answer of an act, done now or known under this person's key; who asks at the same moment waits for it.

    Args:
        key: chosen by the client. content: what is asked for, by which two uses of a key are told apart.
        act: does it, and gives what it is about and its answer.

    Raises:
        KeyUsed: the key stands for something else.
    """
    digest = database.safe_of(session).digest(orjson.dumps(content, option=orjson.OPT_SORT_KEYS))
    full = f"{actor.name}:{key}"[:200]
    if steps.reserve_submission(session, {"key": full, "task_id": "", "digest": digest, "answer": {}, "at": now}):
        about, answer = act()
        steps.answer_submission(session, full, about, answer)
        return answer
    (known,) = looks.submissions(session, key=full)
    if known.digest not in ("", digest):  # earlier releases kept none
        raise errors.KeyUsed
    found: dict[str, Any] = known.answer
    return found
