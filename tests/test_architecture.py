"""The house's own rules: what is packaged, documented and guarded."""

import ast
import configparser
import re
from pathlib import Path

from workflow_service import cli, settings

ROOT = Path(__file__).parent.parent


def _config() -> configparser.ConfigParser:
    config = configparser.ConfigParser()
    config.read(ROOT / "setup.cfg", encoding="utf-8")
    return config


def test_every_package_of_the_tree_is_packed() -> None:
    listed = set(_config()["options"]["packages"].split())
    found = {
        ".".join(path.parent.relative_to(ROOT).parts)
        for package in ("workflow_service", "handlers")
        for path in (ROOT / package).rglob("__init__.py")
    }

    assert listed == found | {"workflow_service.bpmn", "workflow_service.forms"}


def test_every_module_opens_with_a_sentence() -> None:
    for folder in ("workflow_service", "handlers", "tests", "bench"):
        for path in (ROOT / folder).rglob("*.py"):
            text = path.read_text(encoding="utf-8").strip()
            assert not text or text.startswith(('"""', "#!")), path


def test_no_module_grows_beyond_four_hundred_lines() -> None:
    for folder in ("workflow_service", "handlers"):
        for path in (ROOT / folder).rglob("*.py"):
            if "migrations/versions" not in path.as_posix():
                assert len(path.read_text(encoding="utf-8").splitlines()) <= 400, path


def test_only_one_place_commits() -> None:
    places = {
        path.relative_to(ROOT / "workflow_service").as_posix()
        for path in (ROOT / "workflow_service").rglob("*.py")
        if re.search(r"(\.commit\(|\bCOMMIT\b|(connection|engine)\.begin\(\))", path.read_text(encoding="utf-8"))
    }

    # beside the one place: what makes the tables, ours and the queue's
    assert places == {"storage/database.py", "storage/migrations/__init__.py", "queues/postgres.py"}


def test_every_setting_is_documented() -> None:
    manual = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")

    for name in settings.Settings.__dataclass_fields__:
        assert f"WORKFLOW_{name.upper()}" in manual, name
    known = {f"WORKFLOW_{name.upper()}" for name in settings.Settings.__dataclass_fields__}
    assert set(re.findall(r"WORKFLOW_[A-Z_]+", manual)) <= known


def test_every_command_is_documented_with_an_example() -> None:
    manual = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")

    for name, command in cli.main.commands.items():
        assert f"workflow-service {name}" in manual, name
        members = getattr(command, "commands", {"": command})
        assert all(member.epilog for member in members.values()), name


def test_the_readme_names_the_two_commands() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")

    assert "make run" in readme
    assert "make test" in readme


def test_the_service_always_says_what_time_it_is_when_it_asks_feel_or_dmn() -> None:
    asked = {("feel", "evaluate"): 2, ("feel", "unary_test"): 3, ("model", "decide"): 2, ("model", "decide_traced"): 2}
    silent = []
    for path in sorted((ROOT / "workflow_service").rglob("*.py")):
        if path.name == "cli.py":  # on the command line the machine's clock is meant
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
                continue
            known = asked.get((ast.unparse(node.func.value), node.func.attr))
            named = any(word.arg == "env" for word in node.keywords)
            if known is not None and not named and len(node.args) <= known:
                silent.append(f"{path.name}:{node.lineno}")

    assert silent == []
