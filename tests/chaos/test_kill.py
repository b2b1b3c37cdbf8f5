"""Processes are killed again and again while cases run; afterwards nothing is lost, doubled or stuck."""

import random
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.chaos import running


@pytest.fixture(params=["sqlite", "postgresql"])
def service(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[running.Service]:
    """The city's service as processes; on PostgreSQL a server and two workers."""
    url = request.getfixturevalue("new_postgres")() if request.param == "postgresql" else ""
    one = running.make(tmp_path, url)
    one.start()
    yield one
    one.stop()


def test_after_kills_at_random_moments_nothing_is_lost_doubled_or_stuck(
    service: running.Service, full: bool, seed: int, minutes: float
) -> None:
    kills, cases, at_once = (300, 500, 8) if full else (3, 4, 4)
    chance, killed, end = random.Random(seed), 0, time.monotonic() + 60 * minutes
    crowd = running.Crowd(service, at_once)

    while killed < kills and time.monotonic() < end and not crowd.failures:
        crowd.let_pass(chance.randrange(2 * 2 * cases // kills))  # two submissions a case
        time.sleep(chance.uniform(0, 0.3))
        victim = chance.choice(service.processes)
        victim.kill()
        victim.start(wait=120)
        killed += 1
    crowd.finish(cases if killed == kills else 0)

    print(f"{killed} kills over {len(crowd.clients)} cases, {crowd.tried_again} jobs tried again by the operator")
    assert full or not crowd.tried_again
    service.stop()
    running.check(service, crowd.clients)
