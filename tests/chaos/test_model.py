"""The service against a small model of it: whatever people, workers, crashes and the clock do, both agree."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, settings, strategies
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test
from sqlalchemy import select

from tests import drawing, office
from workflow_service import errors, worker
from workflow_service.audit import oracle
from workflow_service.cases import incidents, jobs, lifecycle, messages, tasks
from workflow_service.storage import database, tables

NOW = datetime(2026, 9, 14, 1, tzinfo=UTC)
CLERKS = ("clerk1", "clerk2")


class Crash(SystemExit):
    """The process ends here."""


def with_appeal() -> dict[str, bytes]:
    """A bundle with a call, a date, and a statement that may be made while the case is reviewed."""
    shapes = [
        drawing.start("begin", roles="applicant"),
        drawing.person("apply_now", "申请单位"),
        drawing.service("tell", "notification.notify", to='["role:clerk"]', title='"新"', text='"新"'),
        drawing.person("review_it", "经办"),
        drawing.reminder("late", "review_it", 'now() + duration("PT1H")'),
        drawing.service("urge", "notification.notify", to='["role:chief"]', title='"逾期"', text='"请督促"'),
        drawing.end("urged"),
        drawing.end("over"),
    ]
    flows: list[drawing.Flow] = [
        ("begin", "apply_now"), ("apply_now", "tell"), ("tell", "review_it"), ("review_it", "over"), ("late", "urge"),
        ("urge", "urged"),
    ]  # fmt: skip
    appeal = [
        drawing.start("stated", "statement_received", roles="applicant", form="stated"),
        drawing.person("answer_it", "经办"),
        drawing.end("answered"),
    ]
    forms = [
        drawing.form("apply_now", drawing.text("matter")),
        drawing.form("review_it", drawing.text("opinion")),
        drawing.form("answer_it", drawing.text("answer")),
        drawing.form("stated", drawing.text("text")),
    ]
    diagrams = {
        "intake": drawing.process("intake", shapes, flows),
        "appeal": drawing.process(
            "appeal", appeal, [("stated", "answer_it"), ("answer_it", "answered")], messages=["statement_received"]
        ),
    }
    return drawing.bundle(diagrams, forms)


class Machine(RuleBasedStateMachine):
    """Two clerks, an applicant, two workers and a clock act on the service; the model keeps what must have become of it.

    The model of a case: who holds its review, whether that is submitted, how many statements were made and answered,
    since when it is reviewed.
    """

    make: Any = None  # gives a fresh office

    def __init__(self) -> None:
        super().__init__()
        self.desk: office.Office = self.make()
        self.hands = [self.desk.worker(), self.desk.worker()]
        self.model: dict[str, dict[str, Any]] = {}

    def _settle(self) -> None:
        self.desk.settle()

    @rule()
    def a_case_is_opened(self) -> None:
        number = self.desk.open("apply", "intake", matter="x")
        assert number not in self.model
        self.model[number] = {"holder": None, "done": False, "stated": 0, "answered": 0, "since": None}

    @rule(hand=strategies.integers(0, 1))
    def a_worker_works(self, hand: int) -> None:
        worker.settle(self.hands[hand])

    @rule(minutes=strategies.sampled_from([1, 20, 61, 600]))
    def time_passes(self, minutes: int) -> None:
        self.desk.time += timedelta(minutes=minutes)

    @precondition(lambda self: self.model)
    @rule(data=strategies.data(), clerk=strategies.sampled_from(CLERKS))
    def a_clerk_claims_the_review(self, data: strategies.DataObject, clerk: str) -> None:
        number = data.draw(strategies.sampled_from(sorted(self.model)))
        known, task = self.model[number], self._task(number, "review_it")
        if task is None:
            return
        try:
            self.desk.claim(clerk, task)
        except errors.Conflict:
            assert known["holder"] not in (None, clerk)
        else:
            assert known["holder"] in (None, clerk)
            known["holder"] = clerk

    @precondition(lambda self: self.model)
    @rule(data=strategies.data(), clerk=strategies.sampled_from(CLERKS))
    def a_clerk_gives_the_review_back(self, data: strategies.DataObject, clerk: str) -> None:
        number = data.draw(strategies.sampled_from(sorted(self.model)))
        known, task = self.model[number], self._task(number, "review_it")
        if task is None:
            return
        actor = self.desk.actor(clerk)
        try:
            with self.desk.work() as session:
                tasks.release(session, actor, self.desk.time, task)
        except (errors.Conflict, errors.NotAllowed):
            assert known["holder"] != clerk
        else:
            assert known["holder"] == clerk
            known["holder"] = None

    @precondition(lambda self: self.model)
    @rule(data=strategies.data(), clerk=strategies.sampled_from(CLERKS), twice=strategies.booleans())
    def a_clerk_submits_the_review(self, data: strategies.DataObject, clerk: str, twice: bool) -> None:
        number = data.draw(strategies.sampled_from(sorted(self.model)))
        known, task = self.model[number], self._task(number, "review_it")
        if task is None:
            return
        try:
            first = self.desk.submit(clerk, task, key=f"{number}-review", opinion="同意")
        except (errors.Conflict, errors.NotAllowed):
            assert known["holder"] != clerk
            return
        assert known["holder"] == clerk
        known["done"] = True
        if twice:
            assert self.desk.submit(clerk, task, key=f"{number}-review", opinion="同意") == first

    @precondition(lambda self: self.model)
    @rule(data=strategies.data(), times=strategies.integers(1, 3))
    def the_applicant_states_something(self, data: strategies.DataObject, times: int) -> None:
        number = data.draw(strategies.sampled_from(sorted(self.model)))
        actor = self.desk.actor("apply")
        for _ in range(times):
            with self.desk.work() as session:
                messages.receive(session, actor, self.desk.time, number, "statement_received", {"text": "不服"})
            self.model[number]["stated"] += 1

    @precondition(lambda self: self.model)
    @rule(data=strategies.data(), clerk=strategies.sampled_from(CLERKS))
    def a_clerk_answers_a_statement(self, data: strategies.DataObject, clerk: str) -> None:
        number = data.draw(strategies.sampled_from(sorted(self.model)))
        task = self._task(number, "answer_it")
        if task is not None:
            self.desk.claim(clerk, task)
            self.desk.submit(clerk, task, answer="已核实")
            self.model[number]["answered"] += 1

    @precondition(lambda self: self.model)
    @rule(at=strategies.integers(1, 40))
    def the_process_dies_at_some_statement_and_starts_again(self, at: int) -> None:
        count = [0]

        def maybe(_text: str) -> None:
            count[0] += 1
            if count[0] == at:
                raise Crash

        self.desk.db.observer = maybe
        try:
            worker.settle(self.hands[0])
        except Crash:
            pass
        finally:
            self.desk.db.observer = None
        with self.desk.work() as session:
            jobs.release_all(session, self.desk.time)

    @precondition(lambda self: self.model)
    @rule()
    def a_worker_dies_with_a_job_in_its_hands(self) -> None:
        with self.desk.work() as session:
            due = jobs.due(session, self.desk.time)
            if due:
                jobs.claim(session, self.desk.time, due[0], "dead", timedelta(seconds=60))
        self.desk.time += timedelta(seconds=61)
        worker.sweep(self.hands[1])

    def _task(self, number: str, element: str) -> str | None:
        return next((one for one in self.desk.open_tasks(number) if one.split(".")[2] == element), None)

    @invariant()
    def nothing_contradicts_the_model(self) -> None:
        with self.desk.look() as session:
            found = oracle.examine(session, self.desk.time)
            assert [one for one in found if one.code not in ("late", "message_late")] == []  # no worker has looked yet
            for number, known in self.model.items():
                case = lifecycle.find(session, number)
                rows = session.scalars(select(tables.Task).where(tables.Task.case_id == case.id)).all()
                review = [one for one in rows if one.element == "review_it"]
                assert len(review) <= 1
                assert [one.status for one in review] in ([], ["open"], ["done"])
                assert known["done"] == any(one.status == "done" for one in review)
                if review and not known["done"]:
                    assert review[0].holder == known["holder"]
                answers = [one for one in rows if one.element == "answer_it"]
                assert len(answers) <= known["stated"]
                assert sum(one.status == "done" for one in answers) == known["answered"]

    def teardown(self) -> None:
        """When all have done their work nothing is left over: each statement asked, each person told once.

        What gave up because every worker died over it is tried again by the operator.
        """
        self.desk.time += timedelta(hours=2)
        self._settle()
        with self.desk.work() as session:
            for incident in session.query(tables.Incident).filter_by(closed_at=None):
                incidents.retry(session, self.desk.actor("operator"), self.desk.time, incident.id)
        self._settle()
        with self.desk.look() as session:
            assert oracle.examine(session, self.desk.time) == []
            for number, known in self.model.items():
                case = lifecycle.find(session, number)
                asked = session.query(tables.Task).filter_by(case_id=case.id, element="answer_it").count()
                assert asked == known["stated"]
                told = session.query(tables.Notice).filter_by(case_id=case.id, title="新").count()
                assert told == len(CLERKS)
        self.desk.db.engine.dispose()


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_the_service_does_what_its_model_does(
    request: pytest.FixtureRequest, kind: str, tmp_path: Path, full: bool, seed: int
) -> None:
    template, chance = request.getfixturevalue("migrated_sqlite"), Random(seed)

    def make() -> office.Office:
        if kind == "postgresql":
            url = request.getfixturevalue("new_postgres")()
        else:
            path = tmp_path / f"{chance.randrange(10**12)}.db"
            path.write_bytes(template)
            url = f"sqlite:///{path}"
        return office.make(database.open_database(url), NOW, with_appeal())

    examples = (300 if full else 4) if kind == "sqlite" else (60 if full else 2)
    machine = type("Seeded", (Machine,), {"make": staticmethod(make)})
    machine._hypothesis_internal_use_seed = seed  # noqa: SLF001  how hypothesis.seed marks a test
    run_state_machine_as_test(  # type: ignore[no-untyped-call]
        machine,
        settings=settings(
            max_examples=examples,
            stateful_step_count=30,
            deadline=None,
            database=None,
            print_blob=True,
            suppress_health_check=list(HealthCheck),
        ),
    )
