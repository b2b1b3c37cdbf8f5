"""Numbers of documents and cases have no gap and no double, however many are taken at once."""

import threading
from datetime import datetime

import pytest

from workflow_service.storage import database, numbers


def test_numbers_taken_at_once_are_dense(db: database.Database, now: datetime) -> None:
    taken: list[int] = []

    def take(n: int) -> None:
        for m in range(5):
            with database.transaction(db) as session:
                taken.append(numbers.take(session, now, "函", 2026, f"{n}-{m}"))

    threads = [threading.Thread(target=take, args=(n,)) for n in range(6)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()

    assert sorted(taken) == list(range(1, 31))


def test_the_same_key_gives_the_same_number(db: database.Database, now: datetime) -> None:
    with database.transaction(db) as session:
        first = numbers.take(session, now, "函", 2026, "k")
    with database.transaction(db) as session:
        assert numbers.take(session, now, "函", 2026, "k") == first
        assert numbers.take(session, now, "函", 2027, "l") == 1


def test_a_number_of_a_rolled_back_step_is_given_again(db: database.Database, now: datetime) -> None:
    with pytest.raises(RuntimeError), database.transaction(db) as session:
        numbers.take(session, now, "函", 2026, "lost")
        raise RuntimeError

    with database.transaction(db) as session:
        assert numbers.take(session, now, "函", 2026, "kept") == 1
