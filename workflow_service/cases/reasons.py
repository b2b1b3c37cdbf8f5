"""Asks for the reason of what is done against the ordinary course; the record has to tell why."""

from workflow_service import errors


def missing(reason: str) -> list[errors.FieldError]:
    """What is wrong with a reason as it was typed: that it is blank."""
    return [] if reason.strip() else [errors.FieldError("reason", "required", "请填写理由")]


def require(reason: str) -> None:
    """Raises Invalid unless there is a reason."""
    found = missing(reason)
    if found:
        raise errors.Invalid(found)
