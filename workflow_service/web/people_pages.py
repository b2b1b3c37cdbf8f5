"""The desk of administrators: people with their roles, and the working-day calendars."""

from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime

import flask
from sqlalchemy.orm import Session

from workflow_service import errors
from workflow_service.cases import access, deadlines, overview
from workflow_service.cases import calendars as working
from workflow_service.identity import accounts, roster
from workflow_service.identity.actors import Actor
from workflow_service.identity.permissions import Permission
from workflow_service.web import guard, i18n, task_pages, visit
from workflow_service.web import pages as shared

pages = flask.Blueprint("people_pages", __name__)


def recorded(session: Session, *acts: str) -> None:
    """Notes what an administrator does, for auditors; it is written with the act itself."""
    access.administered(session, visit.actor(), visit.now(), *acts)


@pages.get("/people")
@guard.needs(Permission.PEOPLE_MANAGE)
def listed() -> str:
    """Everybody, by place and role."""
    place, role, q = visit.text_of("place", 40), visit.text_of("role", 32), visit.text_of("q")
    with visit.reading() as session:
        found = roster.everybody(session, place or None, role or None)
        part = q.lower()
        shown = [one for one in found if part in one.name.lower() or part in one.display_name.lower()]
        places = overview.place_names(session)
        return flask.render_template(
            "people.html", people=shown, places=places, roles=i18n.words()["role"], place=place, role=role, q=q
        )


@pages.route("/people/new", methods=["GET", "POST"])
@guard.needs(Permission.PEOPLE_MANAGE)
def new() -> flask.typing.ResponseReturnValue:
    """Creates an account."""
    form, faults = flask.request.form, {}
    if flask.request.method == "POST":
        try:
            with visit.writing() as session:
                person = accounts.create(session, visit.actor(), visit.now(), _newcomer())
                recorded(
                    session,
                    f"person_created {person.name}",
                    *(f"role_given {person.name} {one}" for one in form.getlist("roles")),
                )
            return shared.go("people_pages.show", "saved", name=form["name"].strip())
        except errors.Invalid as invalid:
            faults = task_pages.faults_of(invalid)
    with visit.reading() as session:
        page = flask.render_template(
            "person_new.html", units=overview.units(session), roles=i18n.words()["role"], faults=faults, typed=form
        )
    return page, 422 if faults else 200


def _newcomer() -> accounts.NewPerson:
    form = flask.request.form
    name, shown, email = (form.get(one, "").strip() for one in ("name", "display_name", "email"))
    roles = tuple(form.getlist("roles"))
    password = form.get("password", "")[:400]
    return accounts.NewPerson(name, shown, form.get("unit", ""), roles, password, email, password_given=True)


@pages.get("/people/<name>")
@guard.needs(Permission.PEOPLE_MANAGE)
def show(name: str) -> str:
    """An account with its roles."""
    return _person(name)


def _person(name: str, fresh: str = "", faults: Mapping[str, str] | None = None) -> str:
    with visit.reading() as session:
        account = roster.by_name(session, name)
        person = next(one for one in roster.everybody(session) if one.id == account.id)
        return flask.render_template(
            "person.html",
            person=person,
            roles=i18n.words()["role"],
            units=overview.units(session),
            fresh=fresh,
            faults=faults or {},
            typed=flask.request.form if faults else {},
        )


@pages.post("/people/<name>")
@guard.needs(Permission.PEOPLE_MANAGE)
def correct(name: str) -> flask.typing.ResponseReturnValue:
    """Gives an account another shown name and address, or moves it to another unit."""
    details = accounts.Details(*(flask.request.form.get(one, "").strip() for one in ("display_name", "email", "unit")))
    try:
        with visit.writing() as session:
            moved = accounts.correct(session, visit.actor(), name, details)
            recorded(session, f"person_corrected {name}", *([f"person_moved {name} {details.unit}"] if moved else []))
    except errors.Invalid as invalid:
        return _person(name, faults=task_pages.faults_of(invalid)), 422
    return shared.go("people_pages.show", "saved", name=name)


@pages.post("/people/<name>/roles")
@guard.needs(Permission.PEOPLE_MANAGE)
def set_roles(name: str) -> flask.typing.ResponseReturnValue:
    """Gives an account exactly the ticked roles."""
    try:
        wanted = frozenset(flask.request.form.getlist("roles"))
        with visit.writing() as session:
            before = roster.roles_of(session, name)
            accounts.set_roles(session, visit.actor(), visit.now(), name, wanted)
            recorded(session, *(f"role_given {name} {one}" for one in sorted(wanted - before)))
            recorded(session, *(f"role_taken {name} {one}" for one in sorted(before - wanted)))
    except errors.Invalid as invalid:
        return _person(name, faults=task_pages.faults_of(invalid)), 422
    return shared.go("people_pages.show", "saved", name=name)


@pages.post("/people/<name>/disable")
@guard.needs(Permission.PEOPLE_MANAGE)
def disable(name: str) -> flask.typing.ResponseReturnValue:
    """Closes an account at once."""
    with visit.writing() as session:
        accounts.disable(session, visit.actor(), name)
        recorded(session, f"person_disabled {name}")
    return shared.go("people_pages.show", "saved", name=name)


@pages.post("/people/<name>/password")
@guard.needs(Permission.PEOPLE_MANAGE)
def reset_password(name: str) -> str:
    """Gives an account a new random password, shown this once."""
    return _with_fresh_password(name, accounts.reset_password, "password_reset")


@pages.post("/people/<name>/reopening")
@guard.needs(Permission.PEOPLE_MANAGE)
def reopen(name: str) -> str:
    """Opens a closed account again, with a new random password, shown this once."""
    return _with_fresh_password(name, accounts.reopen, "person_reopened")


def _with_fresh_password(name: str, give: Callable[[Session, Actor, datetime, str, str], None], act: str) -> str:
    fresh = visit.site().db.random(9)
    with visit.writing() as session:
        give(session, visit.actor(), visit.now(), name, fresh)
        recorded(session, f"{act} {name}")
    return _person(name, fresh)


@pages.get("/calendars")
@guard.needs(Permission.CALENDAR_EDIT)
def calendars() -> str:
    """The versions of the working-day calendar, and the days of the chosen year."""
    return _calendars({})


def _calendars(faults: Mapping[str, str]) -> str:
    with visit.reading() as session:
        versions = overview.calendar_versions(session, visit.actor())
        version = visit.whole_of("version", versions[0].id if versions else 0, 0, 10**9)
        rows = overview.calendar_rows(session, visit.actor(), version)
        years = sorted({one.day.year for one in rows}, reverse=True)
        year = visit.whole_of("year", years[0] if years else visit.now().year, 1949, 2200)
        shown = [one for one in rows if one.day.year == year and one.kind != "year"]
        who = roster.display_names(session, {one.created_by for one in versions})
        return flask.render_template(
            "calendars.html",
            versions=versions,
            version=version,
            years=years,
            year=year,
            days=shown,
            who=who,
            faults=faults,
            typed=flask.request.form,
        )


@pages.post("/calendars")
@guard.needs(Permission.CALENDAR_EDIT)
def enter_calendar() -> flask.typing.ResponseReturnValue:
    """Enters a new version: the days in force with one year's days written anew."""
    try:
        version, year = _enter_year()
    except errors.Invalid as invalid:
        return _calendars(task_pages.faults_of(invalid)), 422
    return shared.go("people_pages.calendars", "saved", version=version, year=year)


def _enter_year() -> tuple[int, str]:
    form = flask.request.form
    year = form.get("year", "").strip()
    if not (year.isascii() and year.isdecimal() and len(year) == 4 and 2000 <= int(year) <= 2200):  # noqa: PLR2004  a year of ours
        raise errors.Invalid([errors.FieldError("year", "format", "请填写年份，如 2028")])
    days = list(_typed_days(int(year), form.get("days", "")))
    if not days:
        raise errors.Invalid([errors.FieldError("days", "required", "请录入这一年的放假和调休日期")])
    source = form.get("source", "").strip()[:200]
    if not source:
        raise errors.Invalid([errors.FieldError("source", "required", "请填写依据的文件名称和文号")])
    with visit.writing() as session:
        versions = [one for one in overview.calendar_versions(session, visit.actor()) if one.approved_at]
        kept = overview.calendar_rows(session, visit.actor(), versions[0].id) if versions else []
        rows = [(one.day, one.kind, one.name, one.source) for one in kept if one.day.year != int(year)]
        rows += [(day, kind, name, source) for day, kind, name in days]
        rows.append((date(int(year), 1, 1), "year", "", source))
        entered = working.enter(session, visit.actor(), visit.now(), rows, f"{year}：{source}")
        recorded(session, f"calendar_entered {entered} {year}")
        return entered, year


def _typed_days(year: int, text: str) -> Iterator[tuple[date, str, str]]:
    """Lines such as ``2028-10-01 休 国庆节`` or ``2028-10-08 班``; raises Invalid naming the line."""
    seen: set[date] = set()
    for number, line in enumerate(text.splitlines(), start=1):
        parts = line.split()
        if not parts:
            continue
        kind = {"休": "holiday", "班": "workday"}.get(parts[1]) if len(parts) > 1 else None
        try:
            day = date.fromisoformat(parts[0])
        except ValueError:
            day = None
        template = ""
        if day is None or kind is None:
            template = "第{line}行应为“日期 休/班 名称”，如 {year}-10-01 休 国庆节"
        elif day.year != year:
            template = "第{line}行的日期不在{year}年"
        elif day in seen:
            template = "第{line}行的日期已经录入过"
        if day is None or kind is None or template:
            raise errors.Invalid([errors.FieldError("days", "format", template, (("line", number), ("year", year)))])
        seen.add(day)
        yield day, kind, " ".join(parts[2:])[:40]


@pages.post("/calendars/<int:version>/approve")
@guard.needs(Permission.CALENDAR_EDIT)
def approve_calendar(version: int) -> flask.typing.ResponseReturnValue:
    """Puts a version in force and computes the open dates anew, each case in its own transaction."""
    with visit.writing() as session:
        working.approve(session, visit.actor(), visit.now(), version)
        recorded(session, f"calendar_approved {version}")
        waiting = deadlines.with_open_limits(session)
    for case_id in waiting:
        with visit.writing() as session:
            deadlines.recompute(session, visit.now(), case_id)
    return shared.go("people_pages.calendars", "approved", version=version)
