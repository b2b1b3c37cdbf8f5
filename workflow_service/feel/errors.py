"""What can go wrong in an expression: faults that stop it, and problems that turn a value into null."""

from dataclasses import dataclass

Position = tuple[int, int]


def place(source: str, offset: int) -> Position:
    """The 1-based line and column of an offset in the source."""
    before = source[:offset]
    return before.count("\n") + 1, offset - (before.rfind("\n") + 1) + 1


class FeelError(Exception):
    """An expression that can't be read or must not go on.

    Args:
        message_zh: what is wrong and what to do, in Chinese; ``message_en`` in English.
        position: 1-based line and column, ``None`` when the whole expression is meant.
    """

    def __init__(self, message_zh: str, message_en: str, position: Position | None = None) -> None:
        super().__init__(message_zh)
        self.message_zh = message_zh
        self.message_en = message_en
        self.position = position


class FeelSyntaxError(FeelError):
    """The text is not an expression; the position shows where reading stopped."""


class FeelLimitError(FeelError):
    """The expression asks for more than it may use.

    Args:
        limit: the name of the field of ``Limits`` that was exceeded.
    """

    def __init__(self, limit: str, message_zh: str, message_en: str, position: Position | None = None) -> None:
        super().__init__(message_zh, message_en, position)
        self.limit = limit


@dataclass(frozen=True)
class Problem:
    """Why a part of an expression became null: what happened, in both languages, and where."""

    zh: str
    en: str
    position: Position | None = None


class Refused(Exception):
    """Raised by an operation that can't answer; the caller makes it null and notes the problem."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(en)
        self.zh = zh
        self.en = en
