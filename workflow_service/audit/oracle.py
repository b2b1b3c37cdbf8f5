"""The oracle: everything that must be true of every case, as one function.

Used by the fault tests, by ``workflow-service doctor`` and after a restore.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from workflow_service import engine, errors
from workflow_service.audit import replay
from workflow_service.bundles import programs
from workflow_service.cases import effects, lifecycle, messages
from workflow_service.engine import view
from workflow_service.storage import journal, tables

LATE = timedelta(seconds=120)


@dataclass(frozen=True)
class Fault:
    """Something that is not as it must be: the case, a code, and a sentence."""

    number: str
    code: str
    text: str


def examine(
    session: Session, now: datetime, numbers: Iterable[str] | None = None, tick: Callable[[], None] = lambda: None
) -> list[Fault]:
    """Every fault of all cases, or of the named ones.

    Args:
        tick: called after each case, for a progress bar.
    """
    query = select(tables.Case.id, tables.Case.number).order_by(tables.Case.id)
    if numbers is not None:
        query = query.where(tables.Case.number.in_(list(numbers)))
    found: list[Fault] = []
    for case_id, number in session.execute(query).all():
        try:
            found += of_case(session, now, session.get_one(tables.Case, case_id))
        except errors.CannotAdvance as damaged:  # one case that cannot be read hides no other
            found.append(Fault(number, "unreadable", str(damaged)))
        tick()
    return found


def of_case(session: Session, now: datetime, case: tables.Case) -> list[Fault]:
    """Every fault of one case."""
    entries = journal.entries(session, case.id)
    found = [*_record(session, case, entries), *_effects(session, case, entries), *_jobs(session, now, case)]
    found += _messages(session, now, case, entries)
    if not found:
        found += _pending(session, case)
    return found


def _record(session: Session, case: tables.Case, entries: Sequence[tables.Entry]) -> list[Fault]:
    proof = replay.verify_entries(session, case, entries)
    if proof.chain is not None:
        return [Fault(case.number, "chain", f"日志第{proof.chain.seq}条：{proof.chain.reason}")]
    if proof.differs is not None:
        return [Fault(case.number, "replay", f"日志第{proof.differs}条：{proof.reason}")]
    return [] if proof.state else [Fault(case.number, "state", "保存的状态与日志得出的状态不同")]


def _effects(session: Session, case: tables.Case, entries: Sequence[tables.Entry]) -> list[Fault]:
    addresses = Counter(_address(entry) for entry in entries if entry.kind in ("returned", "failed", "skipped"))
    found = [Fault(case.number, "doubled", f"{where}的结果记录了{n}次") for where, n in addresses.items() if n > 1]
    rows = session.execute(
        select(tables.Job.run, tables.Job.element, tables.Job.visit).where(
            tables.Job.case_id == case.id, tables.Job.status == "done"
        )
    )
    done = {f"{row.run}.{row.element}.{row.visit}" for row in rows}
    effects = {_address(entry) for entry in entries if entry.kind in ("returned", "failed")}
    found += [
        Fault(case.number, "effect_missing", f"{where}的作业已完成，但日志中没有结果")
        for where in sorted(done - effects)
    ]
    found += [
        Fault(case.number, "job_missing", f"日志中有{where}的结果，但没有相应的已完成作业")
        for where in sorted(effects - done)
    ]
    submitted = Counter(_address(entry) for entry in entries if entry.kind == "submitted")
    withdrawn = Counter(_address(entry) for entry in entries if entry.kind == "withdrawn")
    found += [
        Fault(case.number, "submitted_twice", f"{where}提交了{n}次")
        for where, n in submitted.items()
        if n - withdrawn[where] > 1
    ]
    return found


def _address(entry: tables.Entry) -> str:
    at = journal.body_of(entry)["at"]
    return f"{at['run']}.{at['element']}.{at['visit']}"


def _jobs(session: Session, now: datetime, case: tables.Case) -> list[Fault]:
    found = []
    for job in session.scalars(
        select(tables.Job).where(tables.Job.case_id == case.id, tables.Job.status.in_(("todo", "run")))
    ):
        if job.status == "run" and (job.lease_until is None or job.lease_until < now - LATE):
            found.append(Fault(case.number, "stuck", f"作业{job.key}的执行者已失联"))
        if job.status == "todo" and job.due_at < now - LATE:
            found.append(Fault(case.number, "late", f"作业{job.key}超过120秒无人执行"))
    return found


def _messages(session: Session, now: datetime, case: tables.Case, entries: Sequence[tables.Entry]) -> Iterable[Fault]:
    """What somebody has stated is kept, and is fed once, or refused, or waits for an operator; it does not just lie there."""
    kept = {journal.body_of(entry)["key"] for entry in entries if entry.kind == "message_kept"}
    fed = Counter(journal.body_of(entry)["key"] for entry in entries if entry.kind == "received")
    rows = {row.key: row for row in session.scalars(select(tables.Message).where(tables.Message.case_id == case.id))}
    for key in sorted(kept ^ rows.keys()):
        yield Fault(case.number, "message_missing", f"材料{key}的登记与日志不符")
    for key, row in rows.items():
        if fed[key] != (row.status == "fed"):
            yield Fault(case.number, "message_fed", f"材料{key}进入程序{fed[key]}次，登记为{row.status}")
        if row.status == "waiting" and row.received_at < now - LATE:
            yield Fault(case.number, "message_late", f"材料{key}超过120秒未进入程序")
    waiting = sum(row.status == "waiting" for row in rows.values())
    if waiting != case.messages_waiting:  # a step looks at this number, not at the rows
        yield Fault(case.number, "messages_waiting", f"待登记材料{waiting}件，案件登记为{case.messages_waiting}件")


def _pending(session: Session, case: tables.Case) -> list[Fault]:
    """The rows that people and workers go by are those that the state asks for: no task, call or timer is missing."""
    program = programs.of(session, case.bundle).program
    pending = engine.pending(program, lifecycle.family_of(session, case))
    wanted = {
        "task": {one.at for one in pending.tasks},
        "job": {one.at for one in pending.calls},
        "timer": {one.at for one in pending.timers},
    }
    stored = effects.standing(session, case.id)
    return [
        Fault(case.number, f"{kind}_rows", f"状态与登记不符：{one}")
        for kind in wanted
        for one in sorted(wanted[kind] ^ stored[kind])
    ]


def rebuild(session: Session, now: datetime, case: tables.Case) -> int:
    """Makes the stored state of a case anew from its journal, and the tasks, jobs and dates that follow from it.

    Returns:
        How many runs were rebuilt.

    Raises:
        CannotAdvance: the journal itself does not hold, so nothing is touched.
    """
    entries = journal.entries(session, case.id)
    broken = journal.verify(case.number, entries, case.head_seq, case.head_hash)
    if broken is not None:
        raise errors.CannotAdvance(
            "日志第{seq}条{reason}，不能据以重建（{element}）", seq=broken.seq, reason=broken.reason, element="journal"
        )
    last = None
    for moment in replay.moments(session, entries):
        last = moment
    if last is None:
        return 0
    effects.remember_people_anew(session, case.id, last.family.case)
    case.shared = dict(last.family.case)
    case.messages_waiting = messages.count_waiting(session, case.id)
    count = _rebuild_runs(session, now, case, last.family)
    loaded = programs.of(session, case.bundle)
    effects.align(session, now, case, loaded, engine.pending(loaded.program, last.family))
    for entry in entries:
        _restate(session, case, entry)
    return count


def _restate(session: Session, case: tables.Case, entry: tables.Entry) -> None:
    """A task or a call is as done as the journal says: by who did what goes the separation of duties."""
    row: type[tables.Task] | type[tables.Job]
    if entry.kind == "submitted":
        row = tables.Task
        values = {
            "done_at": entry.at,
            "done_by": entry.actor,
            "holder": entry.actor,
            "on_behalf_of": entry.on_behalf_of,
        }
    elif entry.kind in ("returned", "failed"):
        row, values = tables.Job, {"lease_owner": None, "lease_until": None}
    else:
        return
    at = journal.body_of(entry)["at"]
    here = (row.case_id == case.id, row.run == at["run"], row.element == at["element"], row.visit == at["visit"])
    untrue = or_(row.status != "done", row.done_seq.is_(None))
    session.execute(update(row).where(*here, untrue).values(status="done", done_seq=entry.seq, **values))


def _rebuild_runs(session: Session, now: datetime, case: tables.Case, family: view.Family) -> int:
    rows = {row.id: row for row in session.scalars(select(tables.Run).where(tables.Run.case_id == case.id))}
    known = [(one.id, one.process, one.key) for one in family.runs.values()] + list(family.closed)
    for run_id, process, key in known:
        row = rows.get(run_id) or tables.Run(case_id=case.id, id=run_id, process=process, key=key, started_at=now)
        run = family.runs.get(run_id)
        row.open = run is not None and run.open
        row.state, row.waits = (run.state, list(run.waits)) if run is not None else (b"", [])
        session.add(row)
    session.flush()
    return len(known)
