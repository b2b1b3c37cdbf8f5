"""Serves one of the two applications that ``bench.http`` compares, in a process of its own.

    python -m bench.served ours|floor FOLDER PORT [DATABASE_URL]

Writes the token that the client needs to ``FOLDER/token``.
"""

import gc
import random
import sys
from datetime import UTC, datetime
from pathlib import Path

import waitress

from bench import floor
from tests import drawing, office
from workflow_service import app, settings, worker
from workflow_service.cases import ballots
from workflow_service.identity import credentials, roster
from workflow_service.mail import Silent
from workflow_service.storage import database, migrations


def two_tasks(forms: bool) -> bytes:
    """start with its form → user task → exclusive gateway → user task → end."""
    assigned = {"assignee": '"clerk1"'} if forms else {}  # the floor knows nobody
    condition = 'first.route = "stop"' if forms else 'route == "stop"'
    shapes = [
        drawing.start("begin", roles="applicant"),
        drawing.person("apply_now", "申请单位"),
        drawing.person("first", "经办", **assigned),
        drawing.choice("ask", "ask_to_second"),
        drawing.person("second", "经办", **assigned),
        drawing.end("over"),
        drawing.end("stop"),
    ]
    flows = [
        ("begin", "apply_now"), ("apply_now", "first"), ("first", "ask"), ("ask", "second"), ("ask", "stop", condition),
        ("second", "over"),
    ]  # fmt: skip
    return drawing.process("intake", shapes, flows)


def bundle() -> dict[str, bytes]:
    """The two-task process with its forms."""
    forms = [drawing.form("apply_now", drawing.text("matter"))]
    forms += [drawing.form(name, drawing.text("route"), drawing.yes_no("urgent")) for name in ("first", "second")]
    return drawing.bundle({"intake": two_tasks(forms=True)}, forms)


def tokens(db: database.Database, now: datetime) -> list[str]:
    """Tokens of the applicant and of the clerk."""
    with database.transaction(db) as session:
        people = [roster.by_name(session, name).id for name in ("apply", "clerk1")]
        return [credentials.issue_token(session, now, one, "bench") for one in people]


def ours(folder: Path, url: str) -> object:
    """Our application with its rights, journal and validation."""
    now = datetime.now(UTC)
    db = database.open_database(url)
    migrations.upgrade(db)
    office.make(db, now, bundle())
    database.make_room(db)
    (folder / "token").write_text("\n".join(tokens(db, now)))
    chosen = settings.Settings(data_dir=str(folder))
    one = worker.Worker("bench", db, lambda: datetime.now(UTC), chosen, Silent(), ballots.Safe(b"x"), random.Random(1))
    return app.create_app(chosen, one.clock, one)


def main() -> None:
    """Serves until killed."""
    which, folder, port = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
    if which == "floor":
        site = floor.make(two_tasks(forms=False), "intake", str(folder / "floor.db"))
    else:
        site = ours(folder, sys.argv[4] if len(sys.argv) > 4 else f"sqlite:///{folder / 'ours.db'}")
    gc.collect()
    gc.freeze()  # as our server does; the floor is given the same
    waitress.serve(site, host="127.0.0.1", port=port, threads=8, _quiet=True)


if __name__ == "__main__":
    main()
