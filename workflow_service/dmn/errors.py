"""What can be wrong with a decision model: faults with the element, the cell and the remedy in both languages."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Place:
    """Where in a model something stands.

    Args:
        element: id of the nearest element that has one, else its name.
        line: 1-based line in the file, 0 when unknown.
        zh, en: the place in words (``决策“路径”，规则 3，列“金额”``).
        rule: 1-based number of a table's rule, 0 when no rule is meant.
        column: name of a table's column, empty when none is meant.
    """

    element: str = ""
    line: int = 0
    zh: str = ""
    en: str = ""
    rule: int = 0
    column: str = ""


NOWHERE = Place()


class DmnError(Exception):
    """A decision model that can't be read, or a decision that has no answer.

    Args:
        message_zh: what is wrong and what to do, in Chinese, with the place; ``message_en`` in English.
        place: where it stands.
        kind: a word for programs: ``syntax``, ``unique``, ``any``, ``type``, ``unknown``, ``cycle``, ``limit`` ...
    """

    def __init__(self, message_zh: str, message_en: str, place: Place = NOWHERE, kind: str = "model") -> None:
        self.message_zh = f"{place.zh}：{message_zh}" if place.zh else message_zh
        self.message_en = f"{place.en}: {message_en}" if place.en else message_en
        super().__init__(self.message_zh)
        self.plain_zh = message_zh
        self.plain_en = message_en
        self.place = place
        self.kind = kind

    @property
    def element(self) -> str:
        """The id of the element that is meant."""
        return self.place.element

    @property
    def line(self) -> int:
        """The line in the file, 0 when unknown."""
        return self.place.line

    @property
    def cell(self) -> tuple[int, str] | None:
        """Rule number and column name, ``None`` when no cell is meant."""
        return (self.place.rule, self.place.column) if self.place.rule else None
