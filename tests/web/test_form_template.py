"""Every form renders as well-formed HTML with every control named, empty, filled in and full of errors."""

from html.parser import HTMLParser
from typing import Any

import flask
import pytest
from werkzeug.datastructures import MultiDict

from tests.bundles import sheets
from workflow_service import errors
from workflow_service.bundles import forms
from workflow_service.web import i18n

VOID = {"input", "br", "link", "meta", "img", "hr"}
PEOPLE = [
    {"name": "lin", "display_name": "林晓", "unit": "受理办", "roles": ["clerk", "panel_member", "committee_member"]}
]
ARTICLES = {str(n): {"summary": f"第{n}条摘要", "summary_en": f"Summary of article {n}"} for n in range(1, 24)}
PAGE = '{% import "_form.html" as sheet %}{{ sheet.error_summary(form, wrong) }}{{ sheet.form_fields(form, values, wrong, people, articles) }}'


class Reader(HTMLParser):
    """Follows the tags of a page: what is open, which ids there are, which controls have a name."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.targets: set[str] = set()
        self.described: set[str] = set()
        self.controls: list[tuple[str, bool]] = []
        self.styles: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        if "template" not in self.open:
            self._note(tag, found)
        if tag not in VOID:
            self.open.append(tag)

    def _note(self, tag: str, found: dict[str, str]) -> None:
        if "id" in found:
            self.ids.append(found["id"])
        if tag == "label" and "for" in found:
            self.targets.add(found["for"])
        self.described |= set(found.get("aria-describedby", "").split())
        self.styles += [name for name in found if name == "style" or name.startswith("on")]
        if tag in ("input", "select", "textarea") and found.get("type") != "hidden":
            self.controls.append((found.get("id", ""), "aria-label" in found or "label" in self.open))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag, f"</{tag}> at line {self.getpos()[0]}"


@pytest.fixture(scope="module")
def app() -> flask.Flask:
    made = flask.Flask("workflow_service.web")
    made.jinja_env.policies["json.dumps_kwargs"] = {"sort_keys": False}
    i18n.install(made)
    return made


def rendered(app: flask.Flask, form: forms.Form, values: Any, wrong: dict[str, str], **known: Any) -> str:
    with app.test_request_context():
        described = forms.describe(form, sheets.around(**known))
        return flask.render_template_string(
            PAGE, form=described, values=values, wrong=wrong, people=PEOPLE, articles=ARTICLES
        )


def read(html: str) -> Reader:
    reader = Reader()
    reader.feed(html)
    assert reader.open == []
    assert len(reader.ids) == len(set(reader.ids)), [one for one in reader.ids if reader.ids.count(one) > 1]
    assert [spot for spot, named in reader.controls if not named and spot not in reader.targets] == []
    assert reader.targets | reader.described <= set(reader.ids)
    assert reader.styles == []  # the content policy forbids them
    return reader


@pytest.mark.parametrize("name", sheets.NAMES)
def test_an_empty_form_is_well_formed_and_named(app: flask.Flask, name: str) -> None:
    read(rendered(app, sheets.city(name), {}, {}))


@pytest.mark.parametrize("name", sheets.NAMES)
def test_a_form_with_first_values_is_well_formed(app: flask.Flask, name: str) -> None:
    outcomes = [{"subject_id": "s1", "outcome": "EXEMPT", "grounds": "<b>理由</b>", "codes": ["4.1"], "facts": "x"}]
    known = {"draft_decision": {"outcomes": outcomes}, "resolution_outcomes": outcomes, "decision_path": "panel"}
    form = sheets.city(name)

    html = rendered(app, form, forms.prefill(form, sheets.around(**known)), {}, **known)

    read(html)
    assert "<b>" not in html


@pytest.mark.parametrize("name", sheets.NAMES)
def test_every_error_is_linked_to_its_field(app: flask.Flask, name: str) -> None:
    form = sheets.city(name)
    answers = forms.from_web(form, MultiDict(), {})
    wrong = sentences(form, answers)

    html = rendered(app, form, answers, wrong)

    reader = read(html)
    assert all(f"f-{path.replace('.', '-')}-error" in reader.ids for path in wrong if path)
    assert all(f'href="#f-{path.replace(".", "-")}"' in html for path in wrong if path)


def sentences(form: forms.Form, answers: dict[str, Any]) -> dict[str, str]:
    try:
        sheets.check(form, answers)
    except errors.Invalid as found:
        return {one.field: one.template.format(**dict(one.params)) for one in found.errors}
    return {}


@pytest.mark.parametrize(
    "draft",
    [
        {"subjects": "x"},
        {"subjects": [5, None]},
        {"situation_codes": 5},
        {"facts": ["x"]},
        {"attachments": {"a": 1}},
        [],
    ],
)
def test_a_draft_of_any_shape_can_be_shown(app: flask.Flask, draft: Any) -> None:
    read(rendered(app, sheets.city("submit_application"), draft, {}))


def test_what_was_typed_stays(app: flask.Flask) -> None:
    html = rendered(
        app, sheets.city("submit_application"), {"loss_amount": "many", "subjects": [{"name": '"><script>'}]}, {}
    )

    assert 'value="many"' in html
    assert "<script" not in html


def test_what_was_decided_earlier_is_shown_and_not_asked(app: flask.Flask) -> None:
    drafted = {"outcomes": [{"subject_id": "s2", "outcome": "LIGHTEN", "grounds": "理由"}]}
    form = sheets.city("sign_decision")

    html = rendered(app, form, forms.prefill(form, sheets.around(draft_decision=drafted)), {}, draft_decision=drafted)

    assert "从轻处理" in html
    assert "乙某" in html
    assert 'name="outcomes' not in html


def test_a_form_speaks_english(app: flask.Flask) -> None:
    with app.test_request_context(headers={"Accept-Language": "en"}):
        described = forms.describe(sheets.city("review_acceptance"), sheets.around())
        html = flask.render_template_string(PAGE, form=described, values={}, wrong={}, people=[], articles=ARTICLES)

    assert "Within scope" in html
    assert "Summary of article 3" in html


def test_what_is_only_read_stands_there_also_when_a_form_comes_back(app: flask.Flask) -> None:
    drafted = {"outcomes": [{"subject_id": "s1", "outcome": "EXEMPT", "grounds": "改革探索"}]}

    page = rendered(app, sheets.city("sign_decision"), {"decision_no": "x"}, {}, draft_decision=drafted)

    assert "改革探索" in page and "甲局领导班子" in page
