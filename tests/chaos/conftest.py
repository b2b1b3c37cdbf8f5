"""How large the fault tests are, and the office they disturb."""

import random
from datetime import datetime
from pathlib import Path

import pytest

from tests import city, drawing, office
from tests.web.conftest import House, build, let_in
from workflow_service.storage import database


@pytest.fixture(scope="session")
def seed(request: pytest.FixtureRequest) -> int:
    """The seed of this run, printed so that a failure can be had again."""
    chosen = request.config.getoption("--chaos-seed") or random.SystemRandom().randrange(1_000_000)
    print(f"\nchaos seed {chosen}")
    return int(chosen)


@pytest.fixture(scope="session")
def minutes(request: pytest.FixtureRequest) -> float:
    """How long processes may be killed at most."""
    return float(request.config.getoption("--chaos-minutes"))


def with_service() -> dict[str, bytes]:
    """A bundle in which a notice is posted between two tasks, and a date waits beside the second."""
    shapes = [
        drawing.start("begin", roles="applicant"),
        drawing.person("apply_now", "申请单位"),
        drawing.service(
            "tell_clerks", "notification.notify", to='["role:clerk"]', title='"新申请"', text="apply_now.matter"
        ),
        drawing.person("review_it", "经办"),
        drawing.reminder("review_late", "review_it", 'now() + duration("PT1H")'),
        drawing.service("tell_chiefs", "notification.notify", to='["role:chief"]', title='"逾期"', text='"请督促"'),
        drawing.end("told"),
        drawing.end("over"),
    ]
    flows = [
        ("begin", "apply_now"), ("apply_now", "tell_clerks"), ("tell_clerks", "review_it"), ("review_it", "over"),
        ("review_late", "tell_chiefs"), ("tell_chiefs", "told"),
    ]  # fmt: skip
    forms = [drawing.form("apply_now", drawing.text("matter")), drawing.form("review_it", drawing.text("opinion"))]
    return drawing.bundle({"intake": drawing.process("intake", shapes, flows)}, forms)


@pytest.fixture
def desk(db: database.Database, now: datetime) -> office.Office:
    return office.make(db, now, with_service())


@pytest.fixture
def house(db: database.Database, now: datetime, tmp_path: Path) -> House:
    """The city's pages and its API, on SQLite and on PostgreSQL."""
    city.make(db, now)
    return build(db, let_in(db), tmp_path)
