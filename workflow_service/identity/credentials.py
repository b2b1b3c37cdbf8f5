"""Passwords, browser sessions and API tokens: proves who somebody is."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError
from sqlalchemy import ColumnElement, bindparam, delete, select, text, true, update
from sqlalchemy.orm import Session

from workflow_service import errors
from workflow_service.identity.actors import Actor
from workflow_service.storage import database, people
from workflow_service.storage.prepared import Prepared

_HASHER = PasswordHasher()
_QUICK = PasswordHasher(time_cost=1, memory_cost=8 * 1024, parallelism=1)
# The hash of a forgotten random password: an unknown name takes as long as a known one. Making it anew would delay each start.
_DUMMY = "$argon2id$v=19$m=65536,t=3,p=4$osPsm/5RxjUPvzHWm6QFew$pFfK/i5SMFQKSbdPkW1T0WXrMy6+M3RP2JYe5DK6loc"

IDLE = timedelta(minutes=60)
LIFETIME = timedelta(hours=12)
REMEMBERED = timedelta(days=7)
"""How long it is known whose an ended session was, so that what its pages still post finds its owner."""
LOCK = timedelta(minutes=15)
TRIES = 5
TRIES_PER_ADDRESS = 30


def hash_random(password: str) -> str:
    """The hash of a password that was drawn at random: nobody guesses it, so it need not be slow."""
    return _QUICK.hash(password)


@dataclass(frozen=True)
class SignIn:
    """The outcome of trying to sign in: a token, or why not (in Chinese, the same for unknown and wrong)."""

    token: str | None
    csrf: str = ""
    refusal: str = ""


def hash_password(password: str) -> str:
    """The argon2id hash of a password; raises Invalid for one that is too short or too long."""
    if not 10 <= len(password) <= 200:
        raise errors.Invalid([errors.FieldError("password", "length", "密码须为10至200个字符")])
    return _HASHER.hash(password)


def sign_in(session: Session, now: datetime, name: str, password: str, address: str) -> SignIn:
    """Opens a browser session; five failures lock the name at this address for fifteen minutes."""
    own, whole = f"{name[:80]}|{address}", f"|{address}"
    # those who try a name from one address at once wait for one another, or more than five would have a try
    if _is_locked(session.get(people.FailedSignIn, whole), now) or _is_locked(_held(session, now, own), now):
        return SignIn(None, refusal="登录失败次数过多，请15分钟后再试，或联系系统管理员")
    account = session.scalar(select(people.Account).where(people.Account.name == name))
    right = _verify(account.password if account else _DUMMY, password)
    if account is None or not right or not account.active:
        _count_failure(session, now, own, TRIES)
        _count_failure(session, now, whole, TRIES_PER_ADDRESS)
        return SignIn(None, refusal="用户名或密码不正确")
    session.execute(delete(people.FailedSignIn).where(people.FailedSignIn.key == own))
    session.execute(delete(people.SignedIn).where(people.SignedIn.expires_at < now - REMEMBERED))
    random = database.random_of(session)
    token, csrf = random(32), random(16)
    session.add(
        people.SignedIn(
            token_hash=_digest(token),
            account_id=account.id,
            csrf=csrf,
            created_at=now,
            seen_at=now,
            expires_at=now + LIFETIME,
        )
    )
    return SignIn(token, csrf)


def _verify(stored: str, password: str) -> bool:
    try:
        return _HASHER.verify(stored, password)
    except (VerifyMismatchError, InvalidHashError):
        return False


def _is_locked(failed: people.FailedSignIn | None, now: datetime) -> bool:
    return failed is not None and failed.locked_until is not None and failed.locked_until > now


def unlock(session: Session, name: str) -> None:
    """Lets a name be tried again from wherever it was locked; an address that tried many names stays locked."""
    session.execute(delete(people.FailedSignIn).where(people.FailedSignIn.key.startswith(f"{name}|", autoescape=True)))


_HOLD = Prepared(
    text(
        "INSERT INTO failed_sign_in (key, count, last_at) VALUES (:key, 0, :now) "
        "ON CONFLICT (key) DO UPDATE SET key = excluded.key"
    ).bindparams(bindparam("now", type_=people.FailedSignIn.last_at.type))
)


def _held(session: Session, now: datetime, key: str) -> people.FailedSignIn:
    """How often signing in failed, as whoever held it before left it; nobody else counts there meanwhile."""
    _HOLD.run(session, {"key": key, "now": now})
    return session.get_one(people.FailedSignIn, key, populate_existing=True)


def _count_failure(session: Session, now: datetime, key: str, tries: int) -> None:
    failed = _held(session, now, key)
    failed.count = 1 if failed.last_at < now - LOCK else failed.count + 1
    failed.last_at = now
    if failed.count >= tries:
        failed.locked_until, failed.count = now + LOCK, 0


@dataclass(frozen=True)
class Known:
    """A person known by a browser session, with the token against forged requests.

    ``password_given``: they came in with a password that somebody else chose.
    """

    actor: Actor
    csrf: str
    seen_at: datetime
    password_given: bool


def of_session(session: Session, now: datetime, token: str) -> Known | None:
    """Who a browser session belongs to; None when it has ended or the account is disabled."""
    row = session.execute(
        select(people.SignedIn.csrf, people.SignedIn.seen_at, people.SignedIn.account_id).where(
            people.SignedIn.token_hash == _digest(token),
            people.SignedIn.expires_at > now,
            people.SignedIn.seen_at > now - IDLE,
        )
    ).first()
    rows = _BY_ID.run(session, {"account_id": row.account_id}).fetchall() if row else []
    actor = _actor(rows)
    return Known(actor, row.csrf, row.seen_at, bool(rows[0][6])) if row and actor else None


def owner_of_page(session: Session, csrf: str) -> str | None:
    """The account whose page carried a token against forged requests, even where its browser session has ended since."""
    query = select(people.Account.name).join(people.SignedIn, people.SignedIn.account_id == people.Account.id)
    return session.scalar(query.where(people.SignedIn.csrf == csrf, people.Account.active))


def touch(session: Session, now: datetime, token: str) -> None:
    """Notes that a browser session is in use, so that it does not end for idleness."""
    session.execute(update(people.SignedIn).where(people.SignedIn.token_hash == _digest(token)).values(seen_at=now))


def sign_out(session: Session, now: datetime, token: str) -> None:
    """Ends a browser session."""
    _end(session, now, people.SignedIn.token_hash == _digest(token))


def end_all(session: Session, now: datetime, account_id: int) -> None:
    """Ends every browser session of an account."""
    _end(session, now, people.SignedIn.account_id == account_id)


def _end(session: Session, now: datetime, which: ColumnElement[bool]) -> None:
    """Ends sessions; for a while it stays known whose they were, so that what their pages still post is not lost."""
    session.execute(update(people.SignedIn).where(which).values(seen_at=_NEVER, expires_at=now))


_NEVER = datetime(1970, 1, 1, tzinfo=UTC)  # so that no clock that is set back brings a session to life


def of_token(session: Session, token: str) -> Actor | None:
    """Who an API token belongs to; None for an unknown or revoked one."""
    return _actor(_BY_TOKEN.run(session, {"token_hash": _digest(token)}).fetchall())


def issue_token(session: Session, now: datetime, account_id: int, label: str) -> str:
    """A new API token for an account; it is shown once and kept as its hash."""
    token = database.random_of(session)(24)
    session.add(people.ApiToken(token_hash=_digest(token), account_id=account_id, label=label, created_at=now))
    return token


def revoke_tokens(session: Session, now: datetime, account_id: int, label: str | None = None) -> int:
    """Ends the API tokens of an account, or those with a label, at once; gives how many."""
    valid = update(people.ApiToken).where(
        people.ApiToken.account_id == account_id, people.ApiToken.revoked_at.is_(None)
    )
    wanted = valid if label is None else valid.where(people.ApiToken.label == label)
    ended = session.scalars(wanted.values(revoked_at=now).returning(people.ApiToken.token_hash))
    return len(ended.all())


def change_password(session: Session, actor: Actor, now: datetime, old: str, new: str) -> None:
    """Sets a new password for oneself and ends every browser session of the account."""
    account = session.get_one(people.Account, actor.id)
    if not _verify(account.password, old):
        raise errors.Invalid([errors.FieldError("old", "wrong", "原密码不正确")])
    if new == old:
        raise errors.Invalid([errors.FieldError("password", "same", "新密码不能与原密码相同")])
    account.password, account.password_at, account.password_given = hash_password(new), now, False
    end_all(session, now, actor.id)


def _actor(rows: Sequence[Sequence[Any]]) -> Actor | None:
    if not rows:
        return None
    account_id, name, display_name, unit, place = rows[0][:5]
    return Actor(account_id, name, display_name, frozenset(row[5] for row in rows if row[5]), unit, place)


_Account, _Token = people.Account, people.ApiToken
_WHO = (
    select(_Account.id, _Account.name, _Account.display_name, people.Unit.code, people.Unit.place)
    .add_columns(people.Grant.role, _Account.password_given)
    .join(people.Unit, people.Unit.code == _Account.unit)
    .outerjoin(people.Grant, people.Grant.account_id == _Account.id)
    .where(_Account.active.is_(true()))
)
_BY_ID = Prepared(_WHO.where(_Account.id == bindparam("account_id")))
_BY_TOKEN = Prepared(
    _WHO.join(_Token, _Token.account_id == _Account.id).where(
        _Token.token_hash == bindparam("token_hash"), _Token.revoked_at.is_(None)
    )
)


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
