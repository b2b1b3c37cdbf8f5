"""Wherever an expression can stand in a form, none leaves FEEL or uses up the machine."""

import contextlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.bundles import sheets
from tests.feel import payloads
from workflow_service import errors
from workflow_service.bundles import forms

ANSWER = {"name": "a", "type": "text"}
CHOICE = {"name": "a", "type": "choice"}
PLACES: dict[str, Callable[[str], forms.Form]] = {
    "required": lambda text: sheets.make({**ANSWER, "required": text}),
    "when": lambda text: sheets.make({**ANSWER, "when": text}),
    "relevant": lambda text: sheets.make({**ANSWER, "relevant": text}),
    "default": lambda text: sheets.make({**ANSWER, "default": text}),
    "options_from": lambda text: sheets.make({**CHOICE, "options_from": text}),
    "test": lambda text: sheets.make(ANSWER, checks=[{"test": text, "message": "不符", "message_en": "wrong"}]),
}
SCOPE: dict[str, Any] = sheets.around(x={"a": 1}, l=[1, 2, 3], s="text")


@pytest.mark.parametrize("place", PLACES)
def test_no_payload_gets_away(place: str, tmp_path: Path) -> None:
    def fill_in(text: str) -> None:
        with contextlib.suppress(errors.ServiceError):
            form = PLACES[place](text)
            forms.describe(form, SCOPE)
            forms.check(form, {"a": "x"}, SCOPE, files={})

    assert payloads.unbounded(fill_in, tmp_path / "canary") == []


@pytest.mark.parametrize("place", PLACES)
def test_the_place_is_one_where_an_expression_is_read(place: str) -> None:
    with pytest.raises(errors.BadBundle):
        PLACES[place]("1 +")
