"""Diagrams reach the public functions of handlers and nothing else."""

import re
import types

import pytest

from handlers import in_chinese
from tests import fakes
from workflow_service import dispatch
from workflow_service.errors import NotFound
from workflow_service.handler_api import Context

CHINESE = re.compile(r"[\u4e00-\u9fff]")


def test_an_operation_resolves_to_its_function() -> None:
    assert dispatch.resolve("assessment.check_meeting").__name__ == "check_meeting"


@pytest.mark.parametrize(
    "name",
    [
        "assessment.nothing",  # no such function
        "nothing.check_meeting",  # no such module
        "assessment._due",  # private
        "assessment.date",  # imported, not defined there
        "assessment.Context",  # a class
        "os.system",  # outside the package
        "assessment.check_meeting.__globals__",  # reaching through
        "assessment",  # no function
        "..assessment.check_meeting",
        "",
    ],
)
def test_nothing_but_public_functions_of_handlers_resolves(name: str) -> None:
    with pytest.raises(NotFound):
        dispatch.resolve(name)


def test_every_operation_says_what_it_does_and_what_it_takes() -> None:
    known = dispatch.operations()

    assert "notification.notify" in known
    for signature in known.values():
        assert signature.summary, signature.name
        assert all(one.doc for one in signature.parameters), signature.name
    assert [one.name for one in known["notification.notify"].parameters][:3] == ["to", "title", "text"]
    assert known["assessment.check_panel"].errors == ("ERR_PANEL",)


def test_every_operation_says_the_same_in_chinese() -> None:
    for signature in dispatch.operations().values():
        told = in_chinese.WORDS[signature.name]
        assert (signature.title, signature.summary) == (told.title, told.summary)
        assert set(told.parameters) == {one.name for one in signature.parameters}, signature.name
        assert all(CHINESE.search(text) for text in (told.title, told.summary, *told.parameters.values()))
        assert not CHINESE.search(signature.title_en + signature.summary_en)
    assert set(in_chinese.WORDS) == set(dispatch.operations())


def test_what_is_said_of_a_parameter_over_several_lines_is_read_to_its_end() -> None:
    tell = next(one for one in dispatch.operations()["notification.issue_letter"].parameters if one.name == "tell")

    assert tell.doc_en.endswith("one without an account is told through the applicant.")


def test_a_missing_and_an_unknown_parameter_are_named() -> None:
    problems = dispatch.check_parameters("assessment.open_opinions", ["element", "people"])

    assert any("缺少参数“members”" in one for one in problems)
    assert any("没有参数“people”" in one for one in problems)
    assert dispatch.check_parameters("assessment.open_opinions", ["element", "members"]) == []


def test_a_call_that_does_not_fit_is_refused_before_the_handler_runs() -> None:
    with pytest.raises(dispatch.BadCall, match="缺少参数“title”"):
        dispatch.call("notification.notify", fakes.context(), {"to": ["clerk1"], "text": "x"})


def test_a_call_gives_plain_json() -> None:
    result = dispatch.call("notification.notify", fakes.context(), {"to": ["clerk1"], "title": "题", "text": "文"})

    assert result == {"posted": ["clerk1"]}


def test_these_are_the_operations_and_no_others() -> None:
    assert set(dispatch.operations()) == {
        *(f"archival.{name}" for name in ("build_package", "check_completeness", "close_case", "publish_typical_case")),
        "archival.test_properties",
        *(f"assessment.check_{name}" for name in ("completeness", "meeting", "panel", "panel_meeting")),
        *("assessment.assess_eligibility", "assessment.open_opinions"),
        *(
            f"notification.{name}"
            for name in ("assign_case_no", "issue_letter", "notify", "send_correction_notice", "serve")
        ),
    }


def test_a_function_that_a_module_only_imports_is_no_operation() -> None:
    def own(context: Context) -> None: ...
    def foreign(context: Context) -> None: ...
    def without_context(call: Context) -> None: ...

    module = types.ModuleType("handlers.made_up")
    for function, home in ((own, "handlers.made_up"), (foreign, "elsewhere"), (without_context, "handlers.made_up")):
        function.__module__ = home
        setattr(module, function.__name__, function)

    assert [name for name, _function in dispatch.operations_of(module)] == ["own"]
