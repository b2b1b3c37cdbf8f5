"""Who may enter where: everything is closed unless it says who it is open to."""

import re

import flask
import pytest

from tests.web.conftest import Browser, House
from workflow_service import errors
from workflow_service.identity import permissions
from workflow_service.web import guard

ONE_OF_EACH = {
    "party": "party_1", "applicant": "applicant_1", "clerk": "clerk_1", "chief": "chief_1", "signer": "signer_1",
    "process_owner": "process_owner_1", "auditor": "auditor_1", "operator": "operator_1", "admin": "admin_1",
}  # fmt: skip


def routes(app: flask.Flask) -> list[tuple[str, str, str]]:
    """Every (method, path with stand-ins, endpoint) of an application."""
    found = []
    for rule in app.url_map.iter_rules():
        path = re.sub(r"<int:\w+>", "999999", re.sub(r"<path:\w+>", "x.json", rule.rule))
        path = re.sub(r"<\w+>", "none", path)
        found += [(method, path, rule.endpoint) for method in sorted(rule.methods - {"HEAD", "OPTIONS"})]
    return found


def test_every_route_declares_who_may_enter(house: House) -> None:
    undeclared = [endpoint for _m, _p, endpoint in routes(house.app) if guard.entry_of(house.app, endpoint) is None]

    assert undeclared == []


def test_a_route_that_declares_nothing_lets_nobody_in(house: House) -> None:
    house.app.add_url_rule("/forgotten", "forgotten", lambda: "open")

    for browser in (house.browser(), house.browser("admin_1")):
        assert browser.get("/forgotten").status_code == 403


def test_nobody_enters_without_signing_in_but_where_it_is_public(house: House) -> None:
    client = house.app.test_client()
    for method, path, endpoint in routes(house.app):
        if guard.entry_of(house.app, endpoint) == guard.PUBLIC:
            continue

        answer = client.open(path, method=method)

        if path.startswith("/api/"):
            assert answer.status_code == 401, path
            assert answer.mimetype == "application/problem+json", path
        elif method == "GET":
            assert answer.status_code == 302 and answer.location.startswith("/signin?next="), path
        else:
            assert answer.status_code == 401, path


@pytest.mark.parametrize("role", ONE_OF_EACH)
def test_each_role_enters_what_its_permissions_open_and_nothing_else(house: House, role: str) -> None:
    browser = house.browser(ONE_OF_EACH[role])
    held = permissions.permissions_of([role])
    for method, path, endpoint in routes(house.app):
        entry = guard.entry_of(house.app, endpoint)
        if method != "GET" or entry is None or entry.public:
            continue

        answer = browser.get(path)

        may = not entry.needs or bool(entry.needs & held)
        assert (answer.status_code == 403) == (not may), f"{role} {path} {answer.status_code}"
        assert answer.status_code < 500, f"{role} {path}"


def test_no_form_is_taken_without_the_token_of_the_own_page(house: House) -> None:
    browser = house.browser("admin_1")
    for method, path, endpoint in routes(house.app):
        entry = guard.entry_of(house.app, endpoint)
        if method == "GET" or entry is None or entry.public:
            continue
        for sent in ({}, {"X-CSRF-Token": "0" * 32}, {"X-CSRF-Token": browser.csrf, "Origin": "https://evil.example"}):
            assert browser.client.open(path, method=method, headers=sent).status_code == 403, (path, sent)


def test_a_program_with_a_token_needs_no_form_token(house: House) -> None:
    assert house.api("clerk_1", "POST", "/tasks/none/claim").status_code == 404


def test_an_unknown_token_is_refused_even_beside_a_good_session(house: House) -> None:
    browser = house.browser("clerk_1")

    answer = browser.get("/api/v1/me", headers={"Authorization": "Bearer nonsense"})

    assert answer.status_code == 401


def test_a_disabled_person_is_out_at_once(house: House) -> None:
    clerk, admin = house.browser("clerk_1"), house.browser("admin_1")

    assert admin.post("/people/clerk_1/disable").status_code == 303

    assert clerk.get("/inbox").status_code == 302
    assert house.api("clerk_1", "GET", "/me").status_code == 401


def test_a_case_of_another_county_is_as_if_it_were_not_there(house: House, opened: str) -> None:
    for path in ("", "/why", "/journal", "/verification", "/state?entry=1"):
        answer = house.api("clerk_east_1", "GET", f"/cases/{opened}{path}")
        assert answer.status_code == 404, path
    assert house.api("clerk_east_1", "GET", "/cases").json["items"] == []
    assert house.api("clerk_east_1", "POST", f"/tasks/{opened}.r1.review_acceptance.1/claim").status_code in (403, 404)


def test_refusals_name_no_secret(house: House) -> None:
    answer = house.browser("applicant_1").get("/people")

    assert answer.status_code == 403
    assert "Traceback" not in answer.get_data(as_text=True)
    assert issubclass(errors.NotAllowed, errors.ServiceError)


def test_signing_in_stands_for_one_browser_only(house: House) -> None:
    house.browser("clerk_1")

    assert Browser(house.app.test_client()).get("/inbox").status_code == 302
