"""Demo mode: people of every role in the city and two counties, and a clock that can be moved forward."""

import json
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from workflow_service import chinese_time, errors, worker
from workflow_service.cases import deadlines
from workflow_service.identity import credentials, units
from workflow_service.storage import database, people, reference

PLACES = {"city": "市本级", "east": "东川县", "west": "西岭县"}
"""Place codes and the invented names of the demo city and its counties."""

BEGINNING = datetime(2026, 1, 5, 1, tzinfo=UTC)  # a Monday, 9:00 in Shanghai
"""When the demo's clock begins."""

FARTHEST = 2099
"""The last year that the demo's clock is moved to."""

UNITS = {
    "office": "容错纠错工作办公室", "committee": "党委（党组）", "discipline": "纪委监委机关", "personnel": "组织部",
    "business": "发展和改革局", "related": "财政局", "experts": "专家库", "archive": "档案馆", "bureau": "住房和城乡建设局",
    "system": "信息中心",
}  # fmt: skip

_STAFFING: tuple[tuple[str, tuple[str, ...], str, int], ...] = (
    # account stem, roles, unit, how many in each place
    ("applicant", ("applicant",), "bureau", 2),
    ("party", ("party",), "bureau", 3),
    ("clerk", ("clerk",), "office", 3),
    ("chief", ("chief",), "office", 2),
    ("investigator", ("investigator",), "office", 3),
    ("panel_discipline", ("panel_member",), "discipline", 2),
    ("panel_personnel", ("panel_member",), "personnel", 2),
    ("panel_business", ("panel_member",), "business", 2),
    ("panel_related", ("panel_member",), "related", 2),
    ("panel_expert", ("panel_member",), "experts", 3),
    ("panel_chair", ("panel_chair", "panel_member"), "discipline", 1),
    ("panel_secretary", ("panel_secretary",), "office", 2),
    ("committee_member", ("committee_member",), "committee", 5),
    ("committee_secretary", ("committee_secretary",), "committee", 2),
    ("signer", ("signer",), "committee", 2),
    ("supervisor", ("supervisor",), "business", 2),
    ("personnel", ("personnel",), "personnel", 2),
    ("discipline", ("discipline",), "discipline", 2),
    ("records", ("records",), "archive", 2),
)
_CITY_ONLY: tuple[tuple[str, tuple[str, ...], str, int], ...] = (
    ("process_owner", ("process_owner",), "system", 2),
    ("auditor", ("auditor",), "discipline", 2),
    ("operator", ("operator",), "system", 1),
    ("admin", ("admin",), "system", 2),
)
_FAMILY_NAMES = "赵钱孙李周吴郑王冯陈卫蒋沈韩杨朱秦许何吕施张孔曹严华金魏陶姜谢邹柏章云苏潘葛范彭鲁韦马苗方任袁柳鲍史唐费岑薛雷贺倪汤罗毕郝安常傅卞齐康余元顾孟黄萧尹姚邵汪毛狄米明戴宋庞熊纪舒屈项祝董梁杜阮蓝季贾路江童郭梅林钟徐邱骆高夏蔡田樊胡霍虞万柯管卢莫房丁邓洪石崔龚程陆翁段侯武刘龙叶黎乔翟谭申冉桑桂牛边燕温庄晏柴阎习容向古易戈廖步耿满匡文寇广东欧"
_GIVEN_NAMES = "文博雅琴志远淑敏建国晓燕海涛丽娟俊杰秀英子轩明辉慧玲永强春梅家豪雪梅振华玉兰思源国栋桂芳立新晨曦宏伟静怡卫东梦洁少华"


@dataclass(frozen=True)
class Newcomer:
    """A demo person with the secrets that are written to the file of demo people."""

    name: str
    display_name: str
    roles: tuple[str, ...]
    unit: str
    password: str


def newcomers(random: Callable[[int], str]) -> Iterator[Newcomer]:
    """Everybody of the demo city; passwords come from ``random``."""
    count = 0
    for place in PLACES:
        for stem, roles, unit, how_many in _STAFFING + (_CITY_ONLY if place == "city" else ()):
            for n in range(1, how_many + 1):
                name = f"{stem}_{n}" if place == "city" else f"{stem}_{place}_{n}"
                yield Newcomer(name, _person_name(count), roles, f"{place}-{unit}", random(9))
                count += 1


def _person_name(count: int) -> str:
    family = _FAMILY_NAMES[count % len(_FAMILY_NAMES)]
    start = (count * 2) % (len(_GIVEN_NAMES) - 1)
    return family + _GIVEN_NAMES[start : start + 2]


def populate(db: database.Database, now: datetime, path: Path) -> int:
    """Creates the demo people once and writes their passwords and tokens to a file only its owner can read.

    When the file is lost the passwords and tokens are made anew. Gives how many people there are.
    """
    with database.reading(db) as session:
        known = set(session.scalars(select(people.Account.name)))
    everybody = list(newcomers(db.random))
    if path.exists() and known >= {one.name for one in everybody}:
        return len(everybody)
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        hashes = list(pool.map(credentials.hash_random, (one.password for one in everybody)))
    with database.transaction(db) as session:
        enter_units(session)
        listed = [_enter(session, now, one, hashed) for one, hashed in zip(everybody, hashes, strict=True)]
    _write(path, listed)
    return len(listed)


def enter_units(session: Session) -> None:
    """Enters the bodies of the city and its counties."""
    for place, place_name in PLACES.items():
        for code, name in UNITS.items():
            units.add(session, f"{place}-{code}", f"{place_name}{name}", place, place_name)
    session.flush()


def _enter(session: Session, now: datetime, one: Newcomer, hashed: str) -> dict[str, Any]:
    account = session.scalar(select(people.Account).where(people.Account.name == one.name))
    if account is None:
        account = people.Account(
            name=one.name,
            display_name=one.display_name,
            email=f"{one.name}@demo.invalid",
            unit=one.unit,
            created_at=now,
            active=True,
        )
        session.add(account)
    account.password, account.password_at = hashed, now
    session.flush()
    for role in one.roles:
        session.merge(people.Grant(account_id=account.id, role=role, granted_by="demo", granted_at=now))
    token = credentials.issue_token(session, now, account.id, "demo")
    return {
        "name": one.name, "display_name": one.display_name, "roles": list(one.roles), "unit": one.unit,
        "place": one.unit.split("-")[0], "password": one.password, "token": token,
    }  # fmt: skip


def _write(path: Path, listed: list[dict[str, Any]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        json.dump(listed, file, ensure_ascii=False, indent=1)
    path.chmod(0o600)


class MovableClock:
    """The time of the demo: the real one, until it is moved forward; from then on it runs on from there."""

    def __init__(self, real: Callable[[], datetime], ahead: timedelta = timedelta()) -> None:
        self._real, self._ahead = real, ahead

    def __call__(self) -> datetime:
        return self._real() + self._ahead

    @property
    def ahead(self) -> timedelta:
        """How far the demo is ahead of the real time."""
        return self._ahead

    def set(self, now: datetime) -> None:
        """Moves the clock; raises Conflict when it would go back."""
        ahead = now - self._real()
        if now < self() - timedelta(seconds=1):
            raise errors.Conflict("演示时钟只能向前拨")
        self._ahead = ahead


def clock_in(db: database.Database, real: Callable[[], datetime]) -> MovableClock:
    """The demo clock, ahead of the real one by as much as when it was last moved.

    It begins at ``BEGINNING``, so that stories of the newest year with a known calendar can be lived through day by day.
    """
    with database.transaction(db) as session:
        return begun(session, real)


def begun(session: Session, real: Callable[[], datetime]) -> MovableClock:
    """The same in a transaction; a database without one begins its own."""
    row = session.get(reference.Clock, 1)
    if row is None:
        row = reference.Clock(id=1, ahead=min(0.0, (BEGINNING - real()).total_seconds()))
        session.add(row)
    return MovableClock(real, timedelta(seconds=row.ahead))


def now_in(session: Session, real: Callable[[], datetime]) -> datetime:
    """The time by which the cases of a database live: the demo's where it is one, else the real one."""
    row = session.get(reference.Clock, 1)
    return real() if row is None else real() + timedelta(seconds=row.ahead)


def clock_of(db: database.Database, real: Callable[[], datetime]) -> Callable[[], datetime]:
    """The clock of a database for a process that cannot move it: a demo's is read each time, for another moves it."""

    def now() -> datetime:
        with database.reading(db) as session:
            return now_in(session, real)

    with database.reading(db) as session:
        is_demo = session.get(reference.Clock, 1) is not None
    return now if is_demo else real


def move(one: worker.Worker, clock: MovableClock, to: datetime) -> datetime:
    """Moves the demo clock forward; everything that falls due on the way happens at its own time before this returns."""
    if to.year > FARTHEST:  # it never goes back, and towards the last year there is no date any more
        raise errors.Conflict("演示时钟最远拨到{year}年", year=FARTHEST)
    if to < clock():
        raise errors.Conflict(
            "演示时钟只能向前拨：现在是 {now}", now=chinese_time.local(clock()).isoformat(timespec="seconds")
        )
    pass_time(one, clock.set, to)
    _remember(one.db, clock)
    return clock()


def pass_time(one: worker.Worker, set_clock: Callable[[datetime], None], to: datetime) -> None:
    """Lets time pass up to a moment: each date that falls due on the way fires at its own time."""
    worker.settle(one)
    while True:
        with database.reading(one.db) as session:
            due = deadlines.next_due(session)
        if due is None or due > to:
            break
        set_clock(max(due, one.clock()))
        if not worker.settle(one):
            break
    set_clock(to)
    worker.settle(one)


def _remember(db: database.Database, clock: MovableClock) -> None:
    with database.transaction(db) as session:
        session.merge(reference.Clock(id=1, ahead=clock.ahead.total_seconds()))
