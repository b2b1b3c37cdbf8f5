"""The table of what is kept under seal for good."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from workflow_service.storage.tables import Table


class SealedPart(Table):
    """A field kept under seal for good, such as who accused: encrypted, and named in the journal by its commitment."""

    __tablename__ = "sealed_part"
    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("case_file.id"))
    form: Mapped[str] = mapped_column(String(64))
    field: Mapped[str] = mapped_column(String(64))
    by: Mapped[str] = mapped_column(String(80))
    at: Mapped[datetime]
    commitment: Mapped[str] = mapped_column(String(64))
    ciphertext: Mapped[bytes] = mapped_column(LargeBinary)
    __table_args__ = (Index("sealed_part_by_case", "case_id"),)
