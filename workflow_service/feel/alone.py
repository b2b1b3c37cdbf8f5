"""What an expression may ask when nobody says what surrounds it: the machine's own clock, and no calendar."""

from datetime import UTC, datetime

from workflow_service.feel.limits import Env


def clock() -> datetime:
    """The present moment with the machine's offset."""
    return datetime.now(UTC).astimezone()


ALONE = Env(clock=clock)
