"""The tables of people: units, accounts, roles, sessions, tokens, lock-outs, substitutes, their part in cases, their post."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, false
from sqlalchemy.orm import Mapped, mapped_column

from workflow_service.storage.tables import Table


class Unit(Table):
    """A body within a place (the city or one of its counties)."""

    __tablename__ = "unit"
    code: Mapped[str] = mapped_column(String(40), primary_key=True)
    name: Mapped[str]
    place: Mapped[str] = mapped_column(String(40))
    place_name: Mapped[str]


class Account(Table):
    """A person who can sign in; ``name`` is unique and never used anew.

    ``password_given``: somebody else chose the password, so that it does for nothing but choosing one's own.
    """

    __tablename__ = "account"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(80), unique=True)
    display_name: Mapped[str]
    email: Mapped[str] = mapped_column(default="")
    unit: Mapped[str] = mapped_column(ForeignKey("unit.code"))
    password: Mapped[str]
    active: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime]
    password_at: Mapped[datetime]
    password_given: Mapped[bool] = mapped_column(default=False, server_default=false())


class Grant(Table):
    """A role of an account, and who gave it: nobody gives one to oneself."""

    __tablename__ = "role_grant"
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), primary_key=True)
    role: Mapped[str] = mapped_column(String(32), primary_key=True)
    granted_by: Mapped[str] = mapped_column(String(80))
    granted_at: Mapped[datetime]
    __table_args__ = (Index("grant_by_role", "role"),)


class SignedIn(Table):
    """A browser's session, kept on the server under the hash of its token."""

    __tablename__ = "signed_in"
    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    csrf: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    __table_args__ = (Index("signed_in_by_csrf", "csrf"), Index("signed_in_by_end", "expires_at"))


class ApiToken(Table):
    """A token for programs, kept as its hash."""

    __tablename__ = "api_token"
    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    label: Mapped[str]
    created_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]


class FailedSignIn(Table):
    """How often signing in failed for a (name, address) or an address, and until when it is locked."""

    __tablename__ = "failed_sign_in"
    key: Mapped[str] = mapped_column(String(200), primary_key=True)
    count: Mapped[int]
    last_at: Mapped[datetime]
    locked_until: Mapped[datetime | None]


class Substitution(Table):
    """Who acts for whom, from when until when."""

    __tablename__ = "substitution"
    id: Mapped[int] = mapped_column(primary_key=True)
    absent: Mapped[str] = mapped_column(String(80))
    substitute: Mapped[str] = mapped_column(String(80))
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    created_at: Mapped[datetime]
    __table_args__ = (Index("substitution_by_substitute", "substitute", "ends_at"),)


class CasePerson(Table):
    """The part that a case gives to an account: ``subject`` or ``recused``, copied from what the case publishes.

    Lists ask for it by person; what the case publishes stays the truth.
    """

    __tablename__ = "case_person"
    account: Mapped[str] = mapped_column(String(80), primary_key=True)
    part: Mapped[str] = mapped_column(String(12), primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("case_file.id"), primary_key=True)


class TaskCandidate(Table):
    """One of several people named for an open task; the row goes when the task is done or cancelled."""

    __tablename__ = "task_candidate"
    account: Mapped[str] = mapped_column(String(80), primary_key=True)
    task_id: Mapped[str] = mapped_column(ForeignKey("task.id"), primary_key=True)
    __table_args__ = (Index("candidate_by_task", "task_id"),)


class Copy(Table):
    """A task made known to somebody who need not act (抄送)."""

    __tablename__ = "copy"
    task_id: Mapped[str] = mapped_column(String(160), primary_key=True)
    account: Mapped[str] = mapped_column(String(80), primary_key=True)
    by: Mapped[str] = mapped_column(String(80))
    at: Mapped[datetime]


class SavedFilter(Table):
    """A filter of a list that somebody keeps under a name; ``list_name`` is ``inbox`` or ``cases``, ``query`` its address."""

    __tablename__ = "saved_filter"
    id: Mapped[int] = mapped_column(primary_key=True)
    account: Mapped[str] = mapped_column(String(80))
    list_name: Mapped[str] = mapped_column(String(12))
    name: Mapped[str] = mapped_column(String(40))
    query: Mapped[str] = mapped_column(String(800))
    __table_args__ = (Index("saved_filter_by_name", "account", "list_name", "name", unique=True),)


class CaughtMail(Table):
    """A mail that demo mode caught instead of sending."""

    __tablename__ = "caught_mail"
    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(240), unique=True)
    to: Mapped[list[Any]]
    subject: Mapped[str]
    text: Mapped[str]
    at: Mapped[datetime]


class Access(Table):
    """Who read or was refused what: reading is recorded as well."""

    __tablename__ = "access"
    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    account: Mapped[str] = mapped_column(String(80))
    case_id: Mapped[int | None]
    what: Mapped[str] = mapped_column(String(80))
    allowed: Mapped[bool]
    origin: Mapped[str] = mapped_column(String(64), default="")
    __table_args__ = (Index("access_by_case", "case_id", "id"),)
