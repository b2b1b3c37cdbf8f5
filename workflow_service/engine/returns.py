"""The way back: sending work back, taking a submission back, adding and removing members of an open round."""

from typing import Any

from workflow_service.engine.inputs import Countersigned, SentBack, Submitted, Withdrawn
from workflow_service.engine.work import Work
from workflow_service.errors import Conflict


def remembered(work: Work, moved: Submitted) -> dict[str, Any] | None:
    return None


def sent_back(work: Work, moved: SentBack) -> None:
    raise Conflict("退回")


def withdrawn(work: Work, moved: Withdrawn) -> None:
    raise Conflict("撤回")


def countersigned(work: Work, moved: Countersigned) -> None:
    raise Conflict("加签")
