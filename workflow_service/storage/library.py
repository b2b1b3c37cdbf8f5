"""The table of the library of typical cases."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from workflow_service.storage.tables import Table


class TypicalCase(Table):
    """A published case without names, for learning (article 20); one that was withdrawn stays on record and is not shown."""

    __tablename__ = "typical_case"
    id: Mapped[str] = mapped_column(String(160), primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("case_file.id"))
    title: Mapped[str]
    codes: Mapped[list[Any]]
    content: Mapped[dict[str, Any]]
    published_at: Mapped[datetime]
    withdrawn_at: Mapped[datetime | None]
    withdrawn_by: Mapped[str | None] = mapped_column(String(80))
    withdrawn_for: Mapped[str | None]
