"""The description of the API says what is there, and no more."""

import re

from openapi_spec_validator import OpenAPIV31SpecValidator

from tests.web.conftest import House
from workflow_service.web import api


def _routes(house: House) -> set[tuple[str, str]]:
    found = set()
    for rule in house.app.url_map.iter_rules():
        if rule.rule.startswith(api.PREFIX) and not rule.rule.endswith("/openapi.json"):
            path = re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule.removeprefix(api.PREFIX))
            found |= {(method.lower(), path) for method in rule.methods - {"HEAD", "OPTIONS"}}
    return found


def test_every_route_is_described_and_everything_described_is_a_route(house: House) -> None:
    described = house.app.test_client().get("/api/v1/openapi.json").json

    told = {(method, path) for path, methods in described["paths"].items() for method in methods}

    assert told == _routes(house)


def test_the_description_is_valid_openapi(house: House) -> None:
    for demo in (False, True):
        OpenAPIV31SpecValidator(api.description(demo=demo)).validate()


def test_the_demo_clock_exists_in_demo_mode_only(house: House) -> None:
    assert house.api("admin_1", "GET", "/clock").status_code == 404
    assert "/clock" not in api.description()["paths"]
    assert "/clock" in api.description(demo=True)["paths"]


def test_every_operation_says_what_it_is_for() -> None:
    for name, (op, run) in api.OPERATIONS.items():
        assert op.summary and run.__doc__, name
