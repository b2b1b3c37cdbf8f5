"""The tables of what cases run on: bundles with their files, working-day calendars, the demo clock, workers."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from workflow_service.storage.tables import Table


class Bundle(Table):
    """Diagrams, tables, forms and letters as one version with one hash.

    Status: draft, submitted, approved, published, rejected. ``version`` is given at publication, dense per place;
    ``editors`` are those beside the author who changed the draft; ``decisions`` tells each time that it was handed in,
    taken back, approved, given back or published: ``what``, ``by``, ``at``, of which ``hash``, with which ``note``.
    """

    __tablename__ = "bundle"
    id: Mapped[int] = mapped_column(primary_key=True)
    hash: Mapped[str] = mapped_column(String(64))
    place: Mapped[str] = mapped_column(String(40))
    version: Mapped[int | None]
    status: Mapped[str] = mapped_column(String(12))
    base: Mapped[str | None] = mapped_column(String(64))
    note: Mapped[str] = mapped_column(default="")
    author: Mapped[str] = mapped_column(String(80))
    editors: Mapped[list[Any]] = mapped_column(default=list, server_default="[]")
    decisions: Mapped[list[Any]] = mapped_column(default=list, server_default="[]")
    created_at: Mapped[datetime]
    changed_at: Mapped[datetime]
    submitted_at: Mapped[datetime | None]
    approved_by: Mapped[str | None] = mapped_column(String(80))
    approved_at: Mapped[datetime | None]
    decision_note: Mapped[str | None]
    published_at: Mapped[datetime | None]
    published_by: Mapped[str | None] = mapped_column(String(80))
    __table_args__ = (Index("bundle_by_hash", "hash"), Index("bundle_by_place", "place", "status", "version"))


class BundleFile(Table):
    """One file of a bundle, byte for byte."""

    __tablename__ = "bundle_file"
    bundle_id: Mapped[int] = mapped_column(ForeignKey("bundle.id"), primary_key=True)
    name: Mapped[str] = mapped_column(String(160), primary_key=True)
    content: Mapped[bytes] = mapped_column(LargeBinary)


class PlayedScenario(Table):
    """How a scenario of a version or draft went when somebody last played it; it holds for the content of that hash alone.

    ``differences`` are where it went otherwise than it says, ``passed`` the user tasks done: pairs of process and element.
    """

    __tablename__ = "played_scenario"
    bundle_id: Mapped[int] = mapped_column(ForeignKey("bundle.id"), primary_key=True)
    name: Mapped[str] = mapped_column(String(160), primary_key=True)
    hash: Mapped[str] = mapped_column(String(64))
    by: Mapped[str] = mapped_column(String(80))
    at: Mapped[datetime]
    differences: Mapped[list[Any]]
    passed: Mapped[list[Any]]


class CalendarVersion(Table):
    """A version of the working-day calendar; the newest approved one is in force."""

    __tablename__ = "calendar_version"
    id: Mapped[int] = mapped_column(primary_key=True)
    note: Mapped[str]
    created_by: Mapped[str] = mapped_column(String(80))
    created_at: Mapped[datetime]
    approved_by: Mapped[str | None] = mapped_column(String(80))
    approved_at: Mapped[datetime | None]


class CalendarDay(Table):
    """A day that differs from the rule of the week, or the mark that a year's table is known (kind ``year``)."""

    __tablename__ = "calendar_day"
    version: Mapped[int] = mapped_column(ForeignKey("calendar_version.id"), primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(12), primary_key=True)
    name: Mapped[str] = mapped_column(default="")
    source: Mapped[str] = mapped_column(default="")


class Clock(Table):
    """How many seconds the demo's clock is ahead of the real one; one row."""

    __tablename__ = "clock"
    id: Mapped[int] = mapped_column(primary_key=True)
    ahead: Mapped[float]


class Worker(Table):
    """A worker that is alive, by its heart-beat."""

    __tablename__ = "worker"
    id: Mapped[str] = mapped_column(String(80), primary_key=True)
    started_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    doing: Mapped[dict[str, Any]]
