"""The desk of auditors: the journal of a case, its replay on its own diagrams, the proof of its record, who looked at it."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import flask
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from workflow_service.audit import replay
from workflow_service.bundles import programs
from workflow_service.cases import access, involvement, queries
from workflow_service.identity import roster
from workflow_service.identity.permissions import Permission
from workflow_service.storage import journal as chain
from workflow_service.storage import tables
from workflow_service.web import api, api_audit, api_cases, data_names, filled_in, guard, i18n, shapes, visit

pages = flask.Blueprint("auditor", __name__, url_prefix="/audit")


@pages.get("/<number>/journal")
@guard.needs(Permission.JOURNAL_READ)
def journal(number: str) -> str:
    """The journal of a case, every entry with what it changed."""
    after = visit.whole_of("after", 0, 0, 10**9)
    with visit.reading() as session:
        found = queries.journal(session, visit.actor(), visit.now(), number, after, 50)
        case = queries.found(session, number)
        is_short = found.total <= api_audit.LONGEST
        changed = api_audit.changes(session, case) if is_short else {}
        loaded, runs = programs.of(session, case.bundle), _runs(session, case)
        known = data_names.of(loaded, runs)
        flask.g.labels, flask.g.values = known.every, _people(session, changed.values())
        return flask.render_template(
            "journal.html",
            found=found,
            changed={
                **{seq: data_names.changes(known, diff) for seq, diff in changed.items()},
                **{one.entry.seq: diff for one in found.items if (diff := _repaired(one.body or {}))},
            },
            told_whole=is_short,
            case=case,
            broken=chain.verify_part(session, case) if is_short else chain.verify_part(session, case, after, 50),
            who=_who(session, found.items),
            elements=_elements(loaded, runs),
        )


def _repaired(body: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What an operator set anew in a failed call, in the form of what an entry changed."""
    before, after = body.get("before"), body.get("after")
    if "incident" not in body or not isinstance(before, dict) or not isinstance(after, dict):
        return []
    return [{"path": name, "label": name, "before": before.get(name), "after": value} for name, value in after.items()]


def _runs(session: Session, case: tables.Case) -> dict[str, str]:
    """The runs of a case, id → process."""
    rows = session.query(tables.Run.id, tables.Run.process).filter_by(case_id=case.id)
    return {row.id: row.process for row in rows}


def _who(session: Session, lines: Any) -> Mapping[str, str]:
    names = {name for one in lines for name in (one.entry.actor, one.entry.on_behalf_of) if name}
    return roster.display_names(session, names)


def _people(session: Session, diffs: Iterable[Sequence[Mapping[str, Any]]]) -> dict[str, str]:
    """The names of those whose accounts stand among what changed."""
    values = (one[side] for diff in diffs for one in diff for side in ("before", "after"))
    return roster.display_names(session, filled_in.may_be_accounts(values))


def _changes(diff: Sequence[Mapping[str, Any]], people: Mapping[str, str]) -> list[dict[str, Any]]:
    """Changes, each with the names of the people whose accounts stand in it."""
    return [{**one, "people": {name: people[name] for name in _accounts(one) if name in people}} for one in diff]


def _accounts(one: Mapping[str, Any]) -> set[str]:
    return filled_in.may_be_accounts((one["before"], one["after"]))


def _elements(loaded: programs.Loaded, runs: Mapping[str, str]) -> dict[tuple[str, str], str]:
    return {at: i18n.either(one, "name") for at, one in loaded.steps_of(runs).items()}


@pages.get("/<number>/replay")
@guard.needs(Permission.JOURNAL_READ)
def show_replay(number: str) -> str:
    """The replay of a case; that it was looked at is recorded when its steps are read."""
    with visit.reading() as session:
        case = queries.found(session, number)
        involvement.require_reading(session, visit.actor(), case)
        return flask.render_template("replay.html", case=case, broken=chain.verify_part(session, case))


@pages.get("/<number>/steps.json")
@guard.needs(Permission.JOURNAL_READ)
def steps(number: str) -> flask.Response:
    """Every entry with the way of the tokens and what changed, for the replay."""
    with visit.reading() as session:
        case = queries.record(session, visit.actor(), visit.now(), number, "replay")
        loaded, processes = programs.of(session, case.bundle), _runs(session, case)
        found = replay.steps(session, case)
        who = roster.display_names(session, {one["actor"] for one in found})
        labels, known = _elements(loaded, processes), data_names.of(loaded, processes)
        runs = {row.id: row.key for row in session.query(tables.Run.id, tables.Run.key).filter_by(case_id=case.id)}
        people = _people(session, (one["diff"] for one in found))
        told = [
            {**_step(one, who, labels, runs), "diff": _changes(data_names.changes(known, one["diff"]), people)}
            for one in found
        ]
        lanes = i18n.lanes(loaded.lanes, loaded.roles)
    names = i18n.processes(loaded.program)
    visited = dict.fromkeys(move["process"] for one in found for move in one["moved"])
    shown = {
        process: flask.url_for("case_pages.diagram", bundle_hash=case.bundle, process=process)
        for process in [*visited, *(one for one in names if one not in visited)]
    }
    return api.as_json({"diagrams": shown, "names": names, "lanes": lanes, "steps": told})


def _step(
    one: Mapping[str, Any], who: Mapping[str, str], labels: Mapping[tuple[str, str], str], runs: Mapping[str, str]
) -> dict[str, Any]:
    moved = one["moved"]
    body = one["body"] or {}
    where = shapes.whereabouts(body)
    run = where.get("run") or (moved[0]["run"] if moved else "")
    process = moved[0]["process"] if moved else ""
    element = where.get("element") or (moved[0]["element"] if moved else "")
    what = i18n.word("entry", one["kind"])
    if one["kind"] == "document_issued":
        what = f"{what} {body.get('number', '')}".rstrip()
    return {
        "entry": one["entry"],
        "at": i18n.stamp(one["at"]),
        "at_text": i18n.when(one["at"]),
        "who": who.get(one["actor"], _("系统") if one["actor"] == "system" else one["actor"]),
        "on_behalf_of": one["on_behalf_of"],
        "kind": one["kind"],
        "what": f"{labels.get((run, element), element)} · {what}" if element else what,
        "note": str(body.get("reason") or ""),
        "run": run,
        "run_name": runs.get(run, ""),
        "process": process,
        "moved": moved,
        "tokens": one["tokens"],
        "agrees": one["agrees"],
        "hash": one["hash"],
    }


@pages.get("/<number>/verification")
@guard.needs(Permission.JOURNAL_READ)
def verification(number: str) -> str:
    """Whether the record of a case holds."""
    with visit.reading() as session:
        case = queries.record(session, visit.actor(), visit.now(), number, "verification")
        found = replay.verify(session, case)
        told = api_audit.verification(number, found, replay.judged(session, visit.now(), found))
        subjects = {str(one.get("id")): str(one.get("name")) for one in case.shared.get("subjects") or ()}
        return flask.render_template("verification.html", found=found, case=case, told=told, subjects=subjects)


@pages.get("/<number>/access")
@guard.needs(Permission.ACCESS_READ)
def accesses(number: str) -> str:
    """Who looked at a case, and who was refused."""
    with visit.reading() as session:
        case = queries.readable(session, visit.actor(), visit.now(), number, "access")
        rows = access.of_case(session, visit.actor(), case.id)
        who = roster.display_names(session, {one.account for one in rows})
        elements = programs.of(session, case.bundle).elements.values()
        steps = {one.id: i18n.either(one, "name") or one.id for one in elements}
        return flask.render_template("access.html", rows=rows, case=case, who=who, steps=steps)


@pages.get("/cases.csv")
@guard.needs(Permission.CASE_LIST_ALL)
def export() -> flask.Response:
    """The case list as CSV, with the filters of the page."""
    return api_cases.export_cases()
