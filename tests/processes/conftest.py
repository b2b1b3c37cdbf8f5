"""The demo city, ready at the beginning of a year."""

import pytest

from tests import city
from tests.processes.story import at
from workflow_service.storage import database


@pytest.fixture
def town(sqlite: database.Database) -> city.City:
    """The city on a fresh database; cases are driven by their stories."""
    return city.make(sqlite, at(2026, 1, 5))
