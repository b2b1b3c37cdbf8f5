"""Gap-free numbers: one row a series counts, so that two takers at once wait for one another and a rollback gives back."""

from datetime import datetime

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from workflow_service.storage import tables

_COUNT = text(
    "INSERT INTO number_series (code, year, last) VALUES (:code, :year, 1) "
    "ON CONFLICT (code, year) DO UPDATE SET last = number_series.last + 1 RETURNING last"
)


def take(session: Session, now: datetime, code: str, year: int, key: str) -> int:
    """The next number of a code and year; the same key gives the same number (an empty key is none)."""
    known = session.scalar(select(tables.IssuedNumber.number).where(tables.IssuedNumber.key == key)) if key else None
    if known is not None:
        return known
    number = int(session.execute(_COUNT, {"code": code, "year": year}).scalar_one())
    session.add(
        tables.IssuedNumber(code=code, year=year, number=number, key=key or f"{code}-{year}-{number}", taken_at=now)
    )
    session.flush()
    return number
