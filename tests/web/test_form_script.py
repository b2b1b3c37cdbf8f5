"""In a browser under the strict policy a form shows what applies, grows rows, keeps files and drafts, and leads to errors."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import flask
import pytest
from playwright.sync_api import Browser, Page, expect
from werkzeug.serving import make_server

from tests.bundles import sheets
from tests.chromium import watch
from workflow_service import errors
from workflow_service.bundles import forms
from workflow_service.web import headers, i18n

ASKED = {"type": "boolean", "label": "是", "required": True}
TEXT = {"type": "text", "label": "文字"}
MADE = {
    "chain": sheets.make(
        {"name": "one", **ASKED}, {"name": "two", **ASKED, "when": "one = true"}, {"name": "three", **TEXT, "when": "two = true"},
        {"name": "box", "type": "group", "when": "one = true", "fields": [{"name": "four", **TEXT, "when": "two = true"}]},
    ),
    "nested": sheets.make({"name": "teams", "type": "rows", "fields": [
        {"name": "name", **TEXT},
        {"name": "people", "type": "rows", "label": "人员", "fields": [{"name": "who", **TEXT}, {"name": "since", **TEXT, "when": "name = \"甲\""}]},
    ]}),
    "read": sheets.make(
        {"name": "kind", **TEXT, "access": "read", "default": "\"甲\""}, {"name": "more", **TEXT, "when": "kind = \"甲\""},
    ),
}  # fmt: skip
"""Forms as the city has none: conditions on conditions, rows within rows, a condition on what is only read."""

PAGE = """<!doctype html><html lang="zh-CN"><head><meta charset="utf-8"><title>表单</title><link rel="icon" href="/static/icon.svg">
<link rel="stylesheet" href="/static/app.css"><link rel="stylesheet" href="/static/form.css"><script src="/static/form.js" type="module"></script></head>
<body><main><h1>{{ form.title }}</h1>{% import "_form.html" as sheet %}
<form class="sheet" method="post" novalidate data-form data-upload="/kept" data-draft="/draft"><input type="hidden" name="csrf" value="c">
{{ sheet.error_summary(form, wrong) }}{{ sheet.form_fields(form, values, wrong, [], {}) }}
<p class="draft-state" data-draft-state role="status"></p><button>提交</button></form></main></body></html>"""


def create(sent: list[Any]) -> flask.Flask:
    """Pages of the city's forms; what is posted ends in ``sent``."""
    app = flask.Flask("workflow_service.web")
    app.jinja_env.policies["json.dumps_kwargs"] = {"sort_keys": False}
    i18n.install(app)
    app.after_request(lambda answer: _strict(answer))

    @app.route("/form/<name>", methods=["GET", "POST"])
    def show(name: str) -> flask.typing.ResponseReturnValue:
        form, scope, wrong = MADE.get(name) or sheets.city(name), sheets.around(), {}
        values = forms.prefill(form, scope)
        if flask.request.method == "POST":
            values = forms.from_web(form, flask.request.form, {})
            try:
                sent.append(sheets.check(form, values))
            except errors.Invalid as found:
                wrong = {one.field: one.template.format(**dict(one.params)) for one in found.errors}
        told = forms.describe(form, scope)
        return flask.render_template_string(PAGE, form=told, values=values, wrong=wrong)

    @app.post("/kept")
    def kept() -> flask.typing.ResponseReturnValue:
        file = flask.request.files["file"]
        size = len(file.read())
        if not size:
            told = {"field": "file", "code": "empty", "message": "文件是空的，请重新选择"}
            return {
                "detail": "填写的内容有误，请检查标出的项目",
                "errors": [told],
            }, 200  # the browser writes a refusal to its console
        return {"id": "f1", "name": file.filename, "size": size}, 201

    @app.post("/draft")
    def draft() -> flask.typing.ResponseReturnValue:
        sent.append(flask.request.form.to_dict())
        return "", 204

    return app


def _strict(answer: flask.Response) -> flask.Response:
    answer.headers["Content-Security-Policy"] = "; ".join(f"{name} {value}" for name, value in headers.BASE.items())
    return answer


@pytest.fixture(scope="module")
def sent() -> list[Any]:
    return []


@pytest.fixture(scope="module")
def site(sent: list[Any]) -> Iterator[str]:
    server = make_server("127.0.0.1", 0, create(sent), threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def page(chromium: Browser, site: str) -> Iterator[Page]:
    """A page that fails its test on any error in the console, such as a breach of the content policy."""
    problems: list[str] = []
    context = chromium.new_context(base_url=site, locale="zh-CN")
    opened = context.new_page()
    watch(opened, problems)
    yield opened
    context.close()
    assert problems == []


def test_a_field_appears_when_it_applies(page: Page) -> None:
    page.goto("/form/review_acceptance")
    expect(page.get_by_label("移送机关", exact=False).first).to_be_hidden()

    page.get_by_label("移送有管辖权的机关").check()

    expect(page.locator('[name="transfer_to"]')).to_be_visible()
    expect(page.locator('[name="missing_items"]')).to_be_disabled()


def test_a_field_that_goes_takes_those_with_it_that_rest_on_it(page: Page, sent: list[Any]) -> None:
    page.goto("/form/chain")
    page.locator('[name="one"][value="true"]').check()
    page.locator('[name="two"][value="true"]').check()
    page.locator('[name="three"]').fill("三")
    page.locator('[name="box.four"]').fill("四")

    page.locator('[name="one"][value="false"]').check()
    expect(page.locator('[name="three"]')).to_be_hidden()
    page.locator('[name="two"][value="false"]').evaluate("one => { one.checked = true; }")
    page.locator('[name="one"][value="true"]').check()

    expect(page.locator('[name="two"][value="false"]')).to_be_visible()
    expect(page.locator('[name="box.four"]')).to_be_disabled()
    page.get_by_role("button", name="提交").click()
    page.wait_for_load_state()
    assert sent[-1] == {"one": True, "two": False}


def test_rows_within_rows_are_added_each_in_its_own(page: Page, sent: list[Any]) -> None:
    page.goto("/form/nested")
    outer = page.locator('[data-path="teams"] > [data-row-add]')
    outer.click()
    page.locator('[name="teams.0.name"]').fill("甲")
    outer.click()
    page.locator('[name="teams.1.name"]').fill("乙")

    for team in (0, 1, 1):
        page.locator(f'[data-path="teams.{team}.people"] > [data-row-add]').click()
    for name in ("0.people.0.who", "0.people.0.since", "1.people.0.who", "1.people.1.who"):
        page.locator(f'[name="teams.{name}"]').fill(name[-5:])
    expect(page.locator('[name="teams.1.people.0.since"]')).to_be_hidden()
    page.get_by_role("button", name="提交").click()
    page.wait_for_load_state()

    assert [[list(one) for one in team["people"]] for team in sent[-1]["teams"]] == [
        [["who", "since"]],
        [["who"], ["who"]],
    ]


def test_what_rests_on_something_that_is_only_read_is_shown(page: Page) -> None:
    page.goto("/form/read")

    expect(page.locator('[name="more"]')).to_be_visible()


def test_citing_a_situation_shows_its_facts(page: Page) -> None:
    page.goto("/form/report_investigation")
    facts = page.locator('[data-path="over_budget"]')
    expect(facts).to_be_hidden()

    page.locator('[name="situation_codes"][value="7.4"]').check()
    expect(facts).to_be_visible()
    page.locator('[name="situation_codes"][value="7.4"]').uncheck()
    expect(facts).to_be_hidden()
    page.locator('[name="show_all_facts"]').check()
    expect(facts).to_be_visible()


def test_rows_are_added_and_taken_away_by_keyboard(page: Page) -> None:
    page.goto("/form/record_meeting")
    add = page.locator('[data-path="votes"] [data-row-add]')

    add.focus()
    page.keyboard.press("Enter")
    expect(page.locator('[name="votes.1.user"]')).to_be_focused()
    page.keyboard.type("lin")
    page.locator("[data-row]").filter(has=page.locator('[name="votes.0.user"]')).locator("[data-row-remove]").press(
        "Enter"
    )

    expect(page.locator('[name="votes.0.user"]')).to_have_count(0)
    expect(page.locator('[name="votes.1.user"]')).to_have_value("lin")


def test_errors_are_listed_first_and_lead_to_their_fields(page: Page) -> None:
    page.goto("/form/submit_application")
    page.locator('[name="subjects.0.name"]').fill("甲局")

    page.get_by_role("button", name="提交").click()

    expect(page.get_by_role("alert")).to_be_focused()
    expect(page.locator('[name="subjects.0.name"]')).to_have_value("甲局")
    page.get_by_role("link", name="请填写“事项名称”").click()
    expect(page.locator('[name="matter"]')).to_be_focused()


def test_a_refused_file_says_what_is_wrong_with_it(page: Page, tmp_path: Path) -> None:
    empty = tmp_path / "空.pdf"
    empty.touch()
    page.goto("/form/record_evidence")

    page.locator('input[type="file"][name="record"]').set_input_files(empty)

    expect(page.locator('[data-files="record"] .file-state')).to_have_text("文件是空的，请重新选择")


def test_a_file_is_kept_at_once_and_submitted_with_the_form(page: Page, sent: list[Any], tmp_path: Path) -> None:
    paper = tmp_path / "笔录.pdf"
    paper.write_bytes(b"%PDF")
    page.goto("/form/record_evidence")

    page.locator('input[type="file"][name="record"]').set_input_files(paper)
    expect(page.locator('input[type="hidden"][name="record"]')).to_have_value("f1")
    page.get_by_label("谈话", exact=True).check()
    page.get_by_role("button", name="提交").click()
    page.wait_for_load_state()

    assert sent[-1]["record"]["id"] == "f1"
    assert sent[-1]["kind"] == "talk"


def test_a_draft_is_kept_while_somebody_types(page: Page, sent: list[Any]) -> None:
    page.goto("/form/answer_appeal")

    page.locator('[name="reason"]').fill("已核实")

    expect(page.locator("[data-draft-state]")).to_contain_text("保存", timeout=8000)
    assert sent[-1]["reason"] == "已核实"


@pytest.mark.parametrize(
    "name", ["submit_application", "report_investigation", "record_meeting", "sign_decision", "evaluate"]
)
def test_axe_finds_nothing(page: Page, axe: Callable[[Page], list[str]], name: str) -> None:
    page.goto(f"/form/{name}")

    assert axe(page) == []


def test_a_phone_never_scrolls_sideways(page: Page) -> None:
    page.set_viewport_size({"width": 390, "height": 800})
    for name in ("submit_application", "report_investigation", "record_meeting", "draft_decision", "use_result"):
        page.goto(f"/form/{name}")
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, name
