"""A desk in the browser: who sits at it signs in, finds tasks, fills in forms by their labels and submits them."""

import functools
import json
import re
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from lxml import etree
from playwright.sync_api import Locator, Page, expect

from tests import server
from tests.browser.hands import Hands, Mouse

ROOT = Path(__file__).resolve().parents[2]
BPMN = "{http://www.omg.org/spec/BPMN/20100524/MODEL}"
ROWS = "[data-row-list] > [data-row]"


@dataclass
class Desk:
    """A page, the server behind it, and the hands of whoever sits there."""

    page: Page
    site: server.Server
    hands: Hands = field(default_factory=Mouse)
    person: str = ""
    sessions: dict[str, list[Any]] = field(default_factory=dict)

    def sit_down(self, name: str) -> None:
        """Lets a person take the place: whoever works by keyboard signs in on the page, others get their session."""
        if isinstance(self.hands, Mouse):
            self._enter(name)
        else:
            self.page.goto("/")
            if "/signin" not in self.page.url and self.person == name:
                return
            self._sign_in(name)
        expect(self.page.locator("details.me summary")).to_have_text(self.site.people()[name]["display_name"])
        self.person = name

    def _enter(self, name: str) -> None:
        """Signs in without the page; the browser gets the session's cookie, the one from before where there is one."""
        context = self.page.context
        context.clear_cookies()
        if name in self.sessions:
            context.add_cookies(self.sessions[name])
            self.page.goto("/")
            if "/signin" not in self.page.url:
                return
        token = context.request.get("/signin").text().split('name="csrf" value="')[1].split('"')[0]
        said = {"csrf": token, "name": name, "password": self.site.people()[name]["password"]}
        context.request.post("/signin", form=said)
        self.sessions[name] = context.cookies()
        self.page.goto("/")

    def _sign_in(self, name: str) -> None:
        if "/signin" not in self.page.url:
            self.leave()
        self.sign_in(name)

    def sign_in(self, name: str) -> None:
        """Fills in the sign-in page that is open."""
        self.hands.write(self.page, self.page.get_by_label("用户名"), name)
        self.hands.write(self.page, self.page.get_by_label("密码"), self.site.people()[name]["password"])
        self.hands.press(self.page, self.page.get_by_role("button", name="登录"))

    def leave(self) -> None:
        """Signs out through the menu."""
        self.hands.press(self.page, self.page.locator("details.me summary"))
        self.hands.press(self.page, self.page.get_by_role("button", name="退出登录"))
        expect(self.page.get_by_role("heading", name="登录")).to_be_visible()

    def open_case(self, process: str, data: Mapping[str, Any]) -> str:
        """Starts a process through its entrance and gives the number of the case."""
        entrance = _root(process)
        self.hands.press(self.page, self.page.get_by_role("navigation", name="主导航").get_by_role("link", name="发起"))
        self.hands.press(self.page, self.page.locator(f'a[href="/start/{process}"]'))
        self.page.wait_for_url(f"**/start/{process}")
        self.ready()
        self.fill(entrance, data)
        self.submit("案件已登记")
        return self.page.locator(".sub span").first.inner_text()

    def take(self, number: str, element: str) -> None:
        """Finds a task of a case in the inbox and opens it, signing for it first where nobody has."""
        name = element_name(element)
        self._await(number, element)
        self._search(number)
        self.hands.press(self.page, self._row(number, name).get_by_role("link"))
        expect(self.page.get_by_role("heading", level=1)).to_contain_text(name)
        claim = self.page.get_by_role("button", name="签收", exact=True)
        if claim.count():
            self.hands.press(self.page, claim)
            expect(self.page.get_by_role("status").first).to_have_text("已签收，请办理")
        self.ready()

    def _await(self, number: str, element: str, seconds: float = 60) -> None:
        """Waits until the machines have brought the case to a task: an archive package takes its time."""
        token, end = self.site.people()[self.person]["token"], time.monotonic() + seconds
        while time.monotonic() < end:
            listed = server.call(self.site.address, token, "GET", f"/tasks?scope=all&case={number}").body["items"]
            if any(one["element"] == element for one in listed):
                return
            time.sleep(0.2)
        raise AssertionError(f"{self.person} finds no task {element} in {number}")

    def ready(self) -> None:
        """Waits until the form on the page has come to life."""
        expect(self.page.locator("html")).to_have_attribute("data-form-ready", "true")

    def _search(self, number: str) -> None:
        """Shows the open tasks of a case: by keyboard through the menu, else at their address."""
        if isinstance(self.hands, Mouse):
            self.page.goto(f"/inbox?scope=all&q={number}")
            return
        navigation = self.page.get_by_role("navigation", name="主导航")
        self.hands.press(self.page, navigation.get_by_role("link", name="待办"))
        tabs = self.page.get_by_role("navigation", name="任务范围")
        self.hands.press(self.page, tabs.get_by_role("link", name="全部"))
        expect(tabs.locator('[aria-current="page"]')).to_have_text("全部")
        self.hands.write(self.page, self.page.get_by_label("查找"), number)
        self.hands.press(self.page, self.page.get_by_role("button", name="查询"))
        self.page.wait_for_url(f"**q={number}**")

    def _row(self, number: str, name: str) -> Locator:
        rows = self.page.locator("tbody tr").filter(has_text=number)
        return rows.filter(has=self.page.locator("td span", has_text=re.compile(rf"^{re.escape(name)}"))).first

    def do(self, number: str, element: str, data: Mapping[str, Any]) -> None:
        """Takes a task, fills in its form and submits it."""
        self.take(number, element)
        self.fill(form_of(element), data)
        self.submit("已提交")

    def submit(self, said: str = "") -> None:
        """Submits the form; with a sentence, waits until the page says so."""
        before = self.page.locator(".error-summary li")
        self.hands.press(self.page, self.page.get_by_role("button", name="提交", exact=True))
        if said:
            outcome = self.page.get_by_text(said, exact=True).or_(self.page.locator(".error-summary")).first
            outcome.wait_for()
            assert before.all_inner_texts() == [], before.all_inner_texts()

    def fill(self, form: str, data: Mapping[str, Any]) -> None:
        """Fills in a form: data as programs send it, fields found by the labels that people read."""
        sheet = self.page.locator("form.sheet")
        self._fields(sheet, read_form(form)["fields"], data, "")

    def _fields(
        self, scope: Locator, fields: Sequence[Mapping[str, Any]], data: Mapping[str, Any], prefix: str
    ) -> None:
        for one in fields:
            if one.get("name") in data:
                self._field(scope, one, data[one["name"]], prefix + one["name"])

    def _field(self, scope: Locator, one: Mapping[str, Any], value: Any, path: str) -> None:
        if one["type"] == "rows":
            self._rows(self._group(scope, one, path), one, value, path)
        elif one["type"] == "group":
            self._fields(self._group(scope, one, path), one["fields"], value, f"{path}.")
        elif isinstance(value, list) and one["type"] in ("choices", "people"):
            for entry in value:
                self._option(scope, one, str(entry), path)
        elif isinstance(value, bool):
            self._boolean(scope, one, value, path)
        elif one["type"] in ("choice", "tristate", "person"):
            self._choice(scope, one, str(value), path)
        else:
            text = "\n".join(value) if isinstance(value, list) else str(value)
            moment = text[:16] if one["type"] == "datetime" else text
            self.hands.write(self.page, self._labelled(scope, one, path), moment)

    def _group(self, scope: Locator, one: Mapping[str, Any], path: str) -> Locator:
        found = scope.get_by_role("group", name=_named(one["label"]))
        return found.and_(self.page.locator(f'[data-path="{path}"]'))

    def _labelled(self, scope: Locator, one: Mapping[str, Any], path: str) -> Locator:
        return scope.get_by_label(_named(one["label"])).and_(self.page.locator(f'[name="{path}"]'))

    def _boolean(self, scope: Locator, one: Mapping[str, Any], value: bool, path: str) -> None:
        if scope.locator(f'input[type="radio"][name="{path}"]').count():
            self._option(scope, one, "true" if value else "false", path)
        elif value:
            self.hands.mark(self.page, self._labelled(scope, one, path))

    def _choice(self, scope: Locator, one: Mapping[str, Any], value: str, path: str) -> None:
        if scope.locator(f'input[type="radio"][name="{path}"]').count():
            self._option(scope, one, value, path)
            return
        control = self._labelled(scope, one, path)
        if control.evaluate("one => one.tagName") == "SELECT":
            self.hands.pick(self.page, control, value)
        else:
            self.hands.write(self.page, control, value)

    def _option(self, scope: Locator, one: Mapping[str, Any], value: str, path: str) -> None:
        """One of several: found by the label of the set, then by the option's own label."""
        label = _named(one["label"])
        sets = scope.get_by_role("group", name=label).or_(scope.get_by_role("radiogroup", name=label))
        told = self._told(scope, one, value, path)
        option = sets.get_by_label(told, exact=True).and_(self.page.locator(f'[name="{path}"]'))
        fold = sets.locator("summary").first
        if not option.first.is_visible() and fold.count():
            self.hands.press(self.page, fold)
        self.hands.mark(self.page, option.first)

    def _told(self, scope: Locator, one: Mapping[str, Any], value: str, path: str) -> str:
        if one["type"] == "boolean":
            return "是" if value == "true" else "否"
        if one["type"] == "tristate":
            return {"yes": "是", "no": "否", "unknown": "不清楚"}[value]
        known = {entry["value"]: str(entry["label"]) for entry in one.get("options", ())}
        if value in known:
            return known[value]
        # people and subjects are known to the page alone
        labels = scope.locator("label.choice", has=self.page.locator(f'[name="{path}"][value="{value}"]'))
        return labels.first.inner_text().strip()

    def _rows(self, group: Locator, one: Mapping[str, Any], rows: Sequence[Mapping[str, Any]], path: str) -> None:
        for _ in range(len(rows) - group.locator(ROWS).count()):
            self.hands.press(self.page, group.get_by_role("button", name="增加一行").last)
        for number, row in enumerate(rows):
            self._fields(group.locator(ROWS).nth(number), one["fields"], row, f"{path}.{number}.")


def _named(label: str) -> re.Pattern[str]:
    """A label with or without the mark that says the field must be filled in."""
    return re.compile(rf"^\s*{re.escape(label)}\s*(必填)?\s*$")


def move_clock(site: server.Server, to: str) -> None:
    """Moves the demo clock forward; never back."""
    token = site.people()["admin_1"]["token"]
    if server.call(site.address, token, "GET", "/clock").body["now"] < to:
        assert server.call(site.address, token, "POST", "/clock", {"now": to}).status < 300  # noqa: PLR2004


def day_in(site: server.Server, days: int) -> str:
    """The date so many days after the demo's today."""
    token = site.people()["admin_1"]["token"]
    now = datetime.fromisoformat(server.call(site.address, token, "GET", "/clock").body["now"])
    return (now + timedelta(days=days)).date().isoformat()


def play(desk: Desk, story: Mapping[str, Any]) -> str:
    """Lives through a story of the city's own scenarios at one desk, page by page; gives the number of the case."""
    move_clock(desk.site, story["starts_at"])
    number = ""
    for step in story["steps"]:
        if "clock" in step:
            move_clock(desk.site, step["clock"])
            continue
        desk.sit_down(step["by"])
        if "open" in step:
            number = desk.open_case(step["open"], step["data"])
        else:
            desk.do(number, step["do"], step["data"])
    return number


def story(name: str, **instead: str) -> Mapping[str, Any]:
    """A scenario of the city by its name, with some of its people played by others."""
    text = (ROOT / "bpmn" / "scenarios" / f"{name}.json").read_text(encoding="utf-8")
    for one, other in instead.items():
        text = text.replace(f'"{one}"', f'"{other}"')
    told: Mapping[str, Any] = json.loads(text)
    return told


@functools.cache
def read_form(name: str) -> Mapping[str, Any]:
    """A form of the city as its file describes it."""
    told: Mapping[str, Any] = json.loads((ROOT / "forms" / f"{name}.json").read_text(encoding="utf-8"))
    return told


def form_of(element: str) -> str:
    """The form of a task: the one its diagram names, else the one called like the task."""
    named = [one.get("value") for one in _drawn()[element].iter("{*}property") if one.get("name") == "form"]
    return str(named[0]) if named else element


def element_name(element: str) -> str:
    """What an element is called on the pages."""
    return str(_drawn()[element].get("name"))


def _root(process: str) -> str:
    """The form of a process's entrance: that of its first task."""
    return {"intake": "submit_application"}.get(process) or form_of(process)


@functools.cache
def _drawn() -> Mapping[str, Any]:
    return dict(_tasks())


def _tasks() -> Iterator[tuple[str, Any]]:
    for path in sorted((ROOT / "bpmn").glob("*.bpmn")):
        for one in etree.parse(path).iter(f"{BPMN}userTask"):
            yield one.get("id"), one
