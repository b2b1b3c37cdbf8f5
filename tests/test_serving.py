"""What a database gets at its first start."""

from datetime import timedelta
from pathlib import Path

from workflow_service import demo, serving
from workflow_service.settings import Settings
from workflow_service.storage import database, reference


def test_the_demos_first_version_is_as_old_as_its_clock(tmp_path: Path) -> None:
    chosen = Settings(demo=True, database=f"sqlite:///{tmp_path / 'demo.db'}", data_dir=str(tmp_path))

    with database.reading(serving.open_ready(chosen)) as session:
        (first,) = session.query(reference.Bundle).filter_by(place="city", version=1)

    assert first.published_at is not None
    assert abs(first.published_at - demo.BEGINNING) < timedelta(minutes=1)
