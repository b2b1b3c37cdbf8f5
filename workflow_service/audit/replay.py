"""Runs a case again from its journal: every state it was in, every step of its tokens, and whether all still agrees."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from workflow_service import engine, errors
from workflow_service.audit import verdicts
from workflow_service.bundles import programs
from workflow_service.cases import calendars
from workflow_service.engine import inputs, view
from workflow_service.storage import journal, tables

NOT_EXECUTABLE = (errors.ServiceError, AttributeError, LookupError, TypeError, ValueError)
"""What comes of executing a record that somebody tampered with."""


@dataclass(frozen=True)
class Moment:
    """The case after one entry of its journal.

    Args:
        entry: the line. advanced: what the engine did with it, None for entries that do not move it.
        family: the state afterwards. agrees: whether it has the fingerprint that the line states.
    """

    entry: tables.Entry
    advanced: view.Advanced | None
    family: view.Family
    agrees: bool


def moments(session: Session, entries: Iterable[tables.Entry]) -> Iterator[Moment]:
    """Re-executes a case, entry by entry from its first, on the bundle and the calendar that each entry names.

    Raises:
        CannotAdvance: an entry cannot be executed any more.
    """
    family = view.Family({}, {}, ())
    for entry in entries:
        body = journal.body_of(entry)
        if entry.kind == "opened":
            family = view.Family(body["shared"], {}, ())
        if not inputs.moves_engine(entry.kind):
            yield Moment(entry, None, family, True)
            continue
        loaded = programs.of(session, entry.bundle)
        calendar = calendars.of_version(session, int(entry.calendar)) if entry.calendar else calendars.Current(session)
        done = engine.advance(loaded.program, family, inputs.from_body(entry.kind, body), entry.at, calendar)
        family = settled(done.family)
        yield Moment(entry, done, family, done.fingerprint == entry.fingerprint)


def settled(family: view.Family) -> view.Family:
    """A family as it is stored: closed runs keep only their name."""
    open_runs = {run_id: run for run_id, run in family.runs.items() if run.open}
    ended = tuple((run.id, run.process, run.key) for run in family.runs.values() if not run.open)
    closed = sorted({*family.closed, *ended}, key=lambda one: int(one[0][1:]))
    return view.Family(family.case, open_runs, tuple(closed))


@dataclass(frozen=True)
class Verification:
    """Whether a case's record holds.

    Args:
        chain: the first break of the hash chain, None when it holds.
        reproduced: how many entries gave the same state when executed again; differs: the first that did not.
        state: whether the stored state equals the one that the journal gives.
        facts: what the case knew after each reproduced entry, for the rules of the regulation.
    """

    entries: int
    chain: journal.Break | None
    reproduced: int
    differs: int | None
    reason: str
    state: bool
    facts: Sequence[verdicts.Fact] = ()

    @property
    def holds(self) -> bool:
        """Whether nothing speaks against the record."""
        return self.chain is None and self.differs is None and self.state

    @property
    def fault(self) -> str:
        """The first thing that speaks against a record that does not hold, as a sentence for the command line."""
        if self.chain is not None:
            return f"第 {self.chain.seq} 条，{self.chain.reason}"
        if self.differs is not None:
            return f"第 {self.differs} 条，{self.reason}"
        return "保存的状态与日志得出的状态不同，可用 rebuild 按日志重建"


def verify(session: Session, case: tables.Case) -> Verification:
    """Checks a case's chain, executes it again, and compares the result with what is stored."""
    return verify_entries(session, case, journal.entries(session, case.id))


def verify_entries(session: Session, case: tables.Case, entries: Sequence[tables.Entry]) -> Verification:
    """The same for whoever has read all entries of the case already."""
    broken = journal.verify(case.number, entries, case.head_seq, case.head_hash)
    reproduced, differs, reason, family = 0, None, "", None
    facts: list[verdicts.Fact] = []
    try:
        for moment in moments(session, entries):
            if not moment.agrees:
                differs, reason = moment.entry.seq, "重新执行得到的状态与记录的指纹不同"
                break
            reproduced, family = reproduced + 1, moment.family
            facts.append(_fact(moment))
    except NOT_EXECUTABLE as failure:
        differs = reproduced + 1
        reason = str(failure) if isinstance(failure, errors.ServiceError) else "记录的内容已不能执行"
    same = differs is None and family is not None and _same(session, case, family)
    return Verification(len(entries), broken, reproduced, differs, reason, same, facts)


def _fact(moment: Moment) -> verdicts.Fact:
    entry = moment.entry
    return verdicts.Fact(entry.seq, entry.at, entry.kind, journal.body_of(entry), moment.family.case)


def judged(session: Session, now: datetime, found: Verification) -> list[verdicts.Verdict]:
    """What the regulation says of a case whose record holds; of another nothing can be said."""
    return verdicts.judge(found.facts, now, calendars.Current(session)) if found.holds else []


def _same(session: Session, case: tables.Case, family: view.Family) -> bool:
    rows = session.query(tables.Run).filter_by(case_id=case.id).all()
    stored = view.Family(
        case.shared,
        {row.id: view.Run(row.id, row.process, row.key, True, row.state, tuple(row.waits)) for row in rows if row.open},
        family.closed,
    )
    program = programs.of(session, case.bundle).program
    try:
        return engine.fingerprint(program, stored) == engine.fingerprint(program, family)
    except errors.CannotAdvance:
        return False


def state_at(session: Session, case: tables.Case, entry: int) -> dict[str, Any]:
    """Tokens, open tasks and data of a case as they were after an entry; raises NotFound for an entry there is not."""
    last = None
    for moment in moments(session, journal.entries(session, case.id, upto=entry)):
        last = moment
    if last is None or last.entry.seq != entry:
        raise errors.NotFound("日志中没有第{entry}条记录", entry=entry)
    program = programs.of(session, case.bundle).program
    pending = engine.pending(program, last.family)
    return {
        "entry": entry,
        "at": last.entry.at.isoformat(),
        "tokens": [dict(one) for one in engine.positions(program, last.family)],
        "tasks": [
            {"element": one.at.element, "run": one.at.run, "visit": one.at.visit, "name": one.name}
            for one in pending.tasks
        ],
        "data": snapshot(program, last.family),
        "agrees": last.agrees,
    }


def snapshot(program: engine.Program, family: view.Family) -> dict[str, Any]:
    """The data of all open runs, and what the case publishes under ``case``."""
    return {**engine.data(program, family), "case": dict(family.case)}


def steps(session: Session, case: tables.Case) -> list[dict[str, Any]]:
    """Every entry with the way of the tokens and what changed in the data, for the replay on the diagram.

    A forged record may not be executable: it is told as far as it is, and the verification says where it ends and why.
    """
    program = programs.of(session, case.bundle).program
    found: list[dict[str, Any]] = []
    before: dict[str, Any] = {}
    with suppress(*NOT_EXECUTABLE):
        for moment in moments(session, journal.entries(session, case.id)):
            after = snapshot(program, moment.family) if moment.advanced else before
            found.append(_step(program, moment, difference(before, after)))
            before = after
    return found


def _step(program: engine.Program, moment: Moment, changed: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    entry, done = moment.entry, moment.advanced
    moved = [] if done is None else [
        {"run": one.run, "process": one.process, "element": one.element, "visit": one.visit, "happened": one.happened, "flow": one.flow}
        for one in done.steps
    ]  # fmt: skip
    return {
        "entry": entry.seq,
        "at": entry.at,
        "kind": entry.kind,
        "actor": entry.actor,
        "on_behalf_of": entry.on_behalf_of,
        "hash": entry.hash,
        "agrees": moment.agrees,
        "body": journal.body_of(entry),
        "moved": moved,
        "tokens": [dict(one) for one in engine.positions(program, moment.family)],
        "diff": changed,
    }


def difference(before: Any, after: Any, path: str = "") -> list[dict[str, Any]]:
    """What changed between two JSON values: a list of path, before, after, in order of the paths."""
    if isinstance(before, dict) and isinstance(after, dict):
        found = []
        for name in [*before, *(one for one in after if one not in before)]:
            found += difference(before.get(name), after.get(name), f"{path}.{name}" if path else str(name))
        return found
    return [] if before == after else [{"path": path, "before": before, "after": after}]
