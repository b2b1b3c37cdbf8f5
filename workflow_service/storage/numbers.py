"""Gap-free numbers: one row a series counts, so that two takers at once wait for one another and a rollback gives back."""

from datetime import datetime

from sqlalchemy import bindparam, insert, select, text
from sqlalchemy.orm import Session

from workflow_service.storage import tables
from workflow_service.storage.prepared import Prepared

_COUNT = Prepared(
    text(
        "INSERT INTO number_series (code, year, last) VALUES (:code, :year, 1) "
        "ON CONFLICT (code, year) DO UPDATE SET last = number_series.last + 1 RETURNING last"
    )
)
_ISSUED = tables.IssuedNumber
_KNOWN = Prepared(select(_ISSUED.number, _ISSUED.code, _ISSUED.year).where(_ISSUED.key == bindparam("key")))
_INSERT = Prepared(insert(_ISSUED))


def taken(session: Session, key: str) -> tuple[str, int, int] | None:
    """The code, year and number that a key has been given; None when it was given none."""
    known = _KNOWN.run(session, {"key": key}).fetchone()
    return None if known is None else (str(known[1]), int(known[2]), int(known[0]))


def take(session: Session, now: datetime, code: str, year: int, key: str) -> int:
    """The next number of a code and year; the same key gives the same number (an empty key is none)."""
    known = _KNOWN.run(session, {"key": key}).fetchone() if key else None
    if known is not None:
        return int(known[0])
    number = int(_COUNT.run(session, {"code": code, "year": year}).fetchone()[0])
    key = key or f"{code}-{year}-{number}"
    row = {"code": code, "year": year, "number": number, "key": key, "taken_at": now, "voided": None}
    _INSERT.write(session, row)
    return number
