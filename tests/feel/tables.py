"""How the tables of expressions are read: an expression, and the text of the value it must have."""

from datetime import datetime, timedelta, timezone

from workflow_service import feel

DATA = {
    "loan amount": 200,
    "金额": 50,
    "申请 日期": "2026-09-18",
    "order": {"total": 30, "items": [{"name": "pen", "price": 2}, {"name": "book", "price": 28}]},
    "l": [1, 2, 3],
}
NOW = datetime(2026, 9, 18, 9, 0, tzinfo=timezone(timedelta(hours=8)))


def shown(expression: str) -> str:
    """The text of the value; a syntax error becomes the word ``refused``."""
    try:
        return feel.text(feel.evaluate(expression, DATA, env=feel.Env(clock=lambda: NOW)))
    except feel.FeelSyntaxError:
        return "refused"


def rows(table: str) -> list[tuple[str, str]]:
    """The rows of a table; one per line, the value after ``==>``, comments after ``#`` at the line's start."""
    lines = [line.strip() for line in table.strip().splitlines()]
    split = [line.partition(" ==>") for line in lines if line and not line.startswith("#")]
    return [(expression, value.strip()) for expression, _, value in split]
