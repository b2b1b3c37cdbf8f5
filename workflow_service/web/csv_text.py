"""CSV that spreadsheets open as it is meant: with the mark of UTF-8, and no cell that they would take for a formula."""

import csv
import io
from collections.abc import Iterable, Sequence

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def text(lines: Iterable[Sequence[str]]) -> str:
    """The lines as CSV text, from its beginning."""
    return "\ufeff" + more(lines)


def more(lines: Iterable[Sequence[str]]) -> str:
    """Further lines of a CSV text that has begun."""
    written = io.StringIO()
    writer = csv.writer(written)
    for line in lines:
        writer.writerow([_harmless(one) for one in line])
    return written.getvalue()


def _harmless(cell: str) -> str:
    return f"'{cell}" if cell.startswith(_FORMULA) else cell
