"""One expression and one decision on the command line: the value on stdout, reasons on stderr, an exit code."""

import json
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
import sqlalchemy as sa
from click.testing import CliRunner

from workflow_service import cli, errors, settings
from workflow_service.storage import database, migrations, people


def run(*words: str) -> tuple[int, str, str]:
    """Exit code, stdout and stderr of the command."""
    command = [sys.executable, "-c", "from workflow_service.__main__ import main; main()", *words]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    return done.returncode, done.stdout.strip(), done.stderr.strip()


@pytest.mark.parametrize(
    ("words", "code", "out", "err"),
    [
        (["a + 1", "--context", '{"a": 2}'], 0, "3", ""),
        (["a +"], 3, "", "表达式却已结束（第 1 行第 4 字符）"),
        (["missing"], 0, "null", "没有名为“missing”的数据（第 1 行第 1 字符）"),
        (["for i in 1..1000000000 return i"], 3, "", "列表过长"),
        (["a", "--context", "{a: 1}"], 2, "", "不是合法的 JSON"),
        (["a", "--context", "[1]"], 2, "", "须为 JSON 对象"),
    ],
)
def test_an_expression_has_a_value_or_a_reason(words: list[str], code: int, out: str, err: str) -> None:
    done = run("feel", *words)

    assert done[:2] == (code, out)
    assert err in done[2]


@pytest.mark.parametrize(
    ("words", "code", "out", "err"),
    [
        (["bpmn/route.dmn", "route", "--input", '{"complex": true}'], 0, "panel", ""),
        (["bpmn/route.dmn", "rout"], 3, "", "没有决策“rout”；有：route"),
        (["bpmn/route.dmn", "route", "--input", '{"complx": true}'], 0, "standard", "没有输入“complx”；有：complex"),
        (["README.md", "route"], 3, "", "不是有效的 XML"),
        (["bpmn/gone.dmn", "route"], 2, "", "gone.dmn"),
        (["bpmn/route.dmn", "route", "--input", "x"], 2, "", "不是合法的 JSON"),
    ],
)
def test_a_decision_has_an_outcome_or_a_reason(words: list[str], code: int, out: str, err: str) -> None:
    done = run("decide", *words)

    assert done[0] == code
    assert out in done[1]
    assert err in done[2]


def test_a_decision_is_told_with_the_rule_that_matched() -> None:
    code, out, _ = run("decide", "bpmn/route.dmn", "route", "--input", '{"complex": true}', "--trace")

    (table,) = json.loads(out)["decisions"][0]["tables"]
    assert code == 0
    assert [rule["number"] for rule in table["rules"]] == [1]


@pytest.mark.parametrize(
    "words",
    [
        ["serve", "--port", "1"], ["serve", "--demo", "--port", "1"], ["user", "list"], ["doctor"],
        ["replay", "RC-2026-00001"], ["backup", "{folder}/kept.zip"],
    ],
)  # fmt: skip
def test_a_database_of_a_newer_release_is_refused_in_a_sentence_and_left_alone(
    tmp_path: Path, migrated_sqlite: bytes, monkeypatch: pytest.MonkeyPatch, words: list[str]
) -> None:
    path = tmp_path / "service.db"
    path.write_bytes(migrated_sqlite)
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
        before = list(connection.iterdump())
    monkeypatch.setenv("WORKFLOW_DATA_DIR", str(tmp_path))

    code, _out, err = run(*(one.format(folder=tmp_path) for one in words), "--database", f"sqlite:///{path}")

    assert code == 3
    assert "由更新的版本建立（9999）" in err and str(path) in err and "made by a newer release (9999)" in err
    assert "Traceback" not in err
    with closing(sqlite3.connect(path)) as connection:
        assert list(connection.iterdump()) == before
    assert not (tmp_path / "kept.zip").exists()


def test_what_a_newer_release_has_backed_up_is_not_restored(tmp_path: Path) -> None:
    db = database.open_database(f"sqlite:///{tmp_path / 'empty.db'}")

    with pytest.raises(errors.Conflict, match="备份由更新的版本制作（9999）"):
        migrations.upgrade(db, "9999")

    db.engine.dispose()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["check", "nofile.bpmn"], "没有文件或文件夹“nofile.bpmn”"),
        (["nonsense"], "没有命令“nonsense”"),
        (["token", "list"], "没有命令“list”"),
        (["serve", "--data-dir", "x"], "没有选项“--data-dir”"),
        (["serve", "--port", "99999"], "--port 不能是 99999，允许的范围是 1<=x<=65535"),
        (["serve", "--port", "http"], "--port 不能是“http”，须为整数"),
        (["check", ".", "--format", "xml"], "--format 不能是“xml”，可用的是 'text', 'json'"),
        (["feel", "a", "--context", "[1]"], "错误：--context 须为 JSON 对象"),
        (["decide"], "缺少 FILE"),
        (["run-scenarios", __file__], "是文件，需要的是文件夹"),
    ],
)
def test_wrong_use_is_told_in_a_sentence_with_where_to_read_on(words: list[str], said: str) -> None:
    answer = CliRunner().invoke(cli.main, words)

    assert answer.exit_code == cli.WRONG_USE
    assert said in answer.stderr
    assert "--help" in answer.stderr


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("sqlite:///{folder}/gone.db", "没有数据库文件“{folder}/gone.db”"),
        ("sqlite:///{folder}/text.db", "这个文件不是 SQLite 数据库"),
        ("sqlite:///{folder}", "数据库“sqlite:///{folder}”：不能读写这个文件"),
        ("gone.db", "数据库地址“gone.db”不能使用，应如 sqlite:///"),
        ("mysql://me:secret@host/x", "数据库地址“mysql://me:***@host/x”不能使用"),
        ("postgresql+psycopg://me:secret@127.0.0.1:1/x", "127.0.0.1:1/x”：拒绝连接，请检查主机和端口"),
    ],
)
def test_a_database_that_cannot_be_used_is_told_in_a_sentence_and_none_is_made(
    tmp_path: Path, url: str, said: str
) -> None:
    (tmp_path / "text.db").write_text("no database")

    for words in (["doctor"], ["user", "list"], ["backup", str(tmp_path / "kept.zip")]):
        answer = CliRunner().invoke(cli.main, [*words, "--database", url.format(folder=tmp_path)])

        assert (answer.exit_code, said.format(folder=tmp_path) in answer.stderr) == (cli.FAILED, True), answer.stderr
        assert not [letter for letter in answer.stderr if letter == "\n"][1:]
    assert [one.name for one in tmp_path.iterdir()] == ["text.db"]


def test_an_empty_database_is_told_without_its_password(postgres_server: str) -> None:
    admin = sa.create_engine(postgres_server, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
    with admin.connect() as connection:
        connection.execute(sa.text("CREATE DATABASE nothing_yet"))
    empty = sa.make_url(postgres_server).set(database="nothing_yet", password="secret")
    url = empty.render_as_string(hide_password=False)

    answer = CliRunner().invoke(cli.main, ["doctor", "--database", url])

    assert (answer.exit_code, "还没有本服务的表" in answer.stderr) == (cli.FAILED, True)
    assert "secret" not in answer.stderr


def test_a_mistyped_path_makes_no_database_of_its_own(tmp_path: Path) -> None:
    place = ["--database", f"sqlite:///{tmp_path / 'gone.db'}"]

    for words in (["rebuild", "RC-2026-00001"], ["token", "create", "wang"], ["user", "disable", "wang"]):
        assert CliRunner().invoke(cli.main, [*words, *place]).exit_code == cli.FAILED

    assert list(tmp_path.iterdir()) == []


def test_a_group_of_commands_alone_shows_what_is_in_it() -> None:
    answer = CliRunner().invoke(cli.main, ["token"])

    assert "错误" not in answer.stderr and "revoke" in answer.stderr


def test_a_password_that_is_not_typed_changes_nothing(tmp_path: Path) -> None:
    place = ["--database", f"sqlite:///{tmp_path / 'real.db'}"]

    answer = CliRunner().invoke(cli.main, ["user", "add", "wang", "--display-name", "王芳", "--unit", "office", *place])

    assert (answer.exit_code, "已取消，没有改动" in answer.stderr) == (cli.FAILED, True)


def test_nothing_to_check_is_no_success(tmp_path: Path) -> None:
    answer = CliRunner().invoke(cli.main, ["check", str(tmp_path)])

    assert (answer.exit_code, "没有流程图" in answer.stderr) == (cli.FAILED, True)


def test_a_file_that_cannot_be_read_is_told_in_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "gone.bpmn").symlink_to("gone.bpmn")  # a link to itself can be listed and never read
    monkeypatch.chdir(tmp_path)

    answer = CliRunner().invoke(cli.main, ["check", "gone.bpmn"])

    assert answer.exit_code != 0 and answer.stderr.startswith("错误：")


def test_a_bundle_that_is_refused_is_told_with_its_findings(tmp_path: Path) -> None:
    (tmp_path / "bpmn").mkdir()
    place = ["--database", f"sqlite:///{tmp_path / 'real.db'}"]
    person = ["user", "add", "wang", "--display-name", "王芳", "--unit", "office", "--role", "process_owner"]
    for words in (["add-unit", "office", "办公室", "city", "市本级"], [*person, "--password", "a long sentence"]):
        assert CliRunner().invoke(cli.main, [*words, *place]).exit_code == 0
    shutil.copy("bpmn/route.dmn", tmp_path / "bpmn")

    answer = CliRunner().invoke(cli.main, ["publish", str(tmp_path), "--by", "wang", *place])

    assert answer.exit_code == cli.FAILED
    assert "ERROR X04" in answer.stderr and "处理办法：加入至少一个 .bpmn 文件" in answer.stderr


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("WORKER_CONCURRENCY", "0", "须为 1 以上的整数"),
        ("SMTP_PORT", "70000", "须为 1 至 65535 之间的整数"),
        ("BASE_URL", "service.example", "须以 http:// 或 https:// 开头"),
    ],
)
def test_a_setting_that_cannot_be_is_refused_by_its_name(name: str, value: str, said: str) -> None:
    with pytest.raises(ValueError, match=f"WORKFLOW_{name} {said}"):
        settings.read({f"WORKFLOW_{name}": value})


def test_a_mistyped_setting_and_a_folder_that_is_not_there_are_named() -> None:
    assert settings.unknown({"WORKFLOW_SMTP_HSOT": "x", "WORKFLOW_PORT": "1"}) == ["WORKFLOW_SMTP_HSOT"]
    with pytest.raises(ValueError, match="没有文件夹“/gone”，请检查 WORKFLOW_FORMS_DIR"):
        settings.shipped("forms", "/gone")


def test_a_folder_without_scenarios_is_no_success(tmp_path: Path) -> None:
    answer = CliRunner().invoke(cli.main, ["run-scenarios", str(tmp_path)])

    assert (answer.exit_code, "没有情景" in answer.stderr) == (cli.FAILED, True)


def test_a_real_installation_begins_with_a_unit_and_an_administrator(tmp_path: Path) -> None:
    place = ["--database", f"sqlite:///{tmp_path / 'real.db'}"]
    person = ["user", "add", "admin1", "--display-name", "王芳", "--unit", "city-system", "--role", "admin"]
    alone = CliRunner().invoke(cli.main, [*person, "--password", "a long sentence", *place])

    unit = CliRunner().invoke(cli.main, ["add-unit", "city-system", "信息中心", "city", "市本级", *place])
    short = CliRunner().invoke(cli.main, [*person, "--password", "short", *place])
    added = CliRunner().invoke(cli.main, [*person, "--password", "a long sentence", *place])
    listed = CliRunner().invoke(cli.main, ["user", "list", *place])

    assert (alone.exit_code, unit.exit_code, added.exit_code) == (cli.FAILED, 0, 0)
    assert "没有代码为“city-system”的单位" in alone.stderr and "密码须为10至200个字符" in short.stderr
    assert "admin1\t王芳\t信息中心\tadmin" in listed.stdout


@pytest.mark.parametrize(
    ("unit", "code", "said"),
    [
        (["office", "办公室", "city", "市本级"], 0, "已新增单位 office（办公室，市本级）"),
        (["it", "信息室", "city", "市本级"], 0, "单位 it 的名称由“信息中心”改为“信息室”"),
        (["it", "信息中心", "east", "东岭县"], 3, "单位“it”属于“city”，地区不能改"),
        (["A B", "办公室", "city", "市本级"], 3, "只用小写字母、数字和连字符"),
    ],
)
def test_a_unit_is_entered_or_renamed_and_told(tmp_path: Path, unit: list[str], code: int, said: str) -> None:
    place = ["--database", f"sqlite:///{tmp_path / 'real.db'}"]
    CliRunner().invoke(cli.main, ["add-unit", "it", "信息中心", "city", "市本级", *place])

    answer = CliRunner().invoke(cli.main, ["add-unit", *unit, *place])

    assert (answer.exit_code, said in answer.output) == (code, True), answer.output


def test_a_closed_account_gets_no_token_and_an_open_one_loses_it(tmp_path: Path) -> None:
    place = ["--database", f"sqlite:///{tmp_path / 'real.db'}"]
    person = ["user", "add", "wang", "--display-name", "王芳", "--unit", "office", "--password", "a long sentence"]
    for words in (["add-unit", "office", "办公室", "city", "市本级"], person, ["token", "create", "wang"]):
        assert CliRunner().invoke(cli.main, [*words, *place]).exit_code == 0

    mistyped = CliRunner().invoke(cli.main, ["token", "revoke", "wang", "--label", "other", *place])
    revoked = CliRunner().invoke(cli.main, ["token", "revoke", "wang", *place])
    CliRunner().invoke(cli.main, ["user", "disable", "wang", *place])
    refused = CliRunner().invoke(cli.main, ["token", "create", "wang", *place])

    assert (mistyped.exit_code, "没有标签为“other”的有效令牌" in mistyped.stderr) == (cli.FAILED, True)
    assert (revoked.exit_code, revoked.stdout) == (0, "已作废 1 个令牌\n")
    assert (refused.exit_code, "已停用" in refused.stderr) == (cli.FAILED, True)


def test_what_is_done_to_people_on_the_command_line_is_recorded_for_auditors(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'real.db'}"
    for words in (
        ["add-unit", "office", "办公室", "city", "市本级"],
        ["user", "add", "wang", "--display-name", "王芳", "--unit", "office", "--role", "admin", "--password", "a long sentence"],
        ["token", "create", "wang"],
        ["token", "revoke", "wang"],
        ["user", "disable", "wang"],
    ):  # fmt: skip
        assert CliRunner().invoke(cli.main, [*words, "--database", url]).exit_code == 0

    with database.reading(database.open_database(url)) as session:
        told = [(one.account, one.what) for one in session.query(people.Access).order_by(people.Access.id)]

    assert told == [
        ("console", what)
        for what in (
            "unit_entered office", "person_created wang", "role_given wang admin", "token_issued wang", "tokens_revoked wang",
            "person_disabled wang",
        )
    ]  # fmt: skip


def test_check_tells_of_user_tasks_that_no_scenario_comes_to(tmp_path: Path) -> None:
    for folder in ("bpmn", "forms"):
        shutil.copytree(folder, tmp_path / folder)
    for path in (tmp_path / "bpmn" / "scenarios").iterdir():
        if path.stem != "typical_case_published":
            path.unlink()

    told = CliRunner().invoke(cli.main, ["check", str(tmp_path)])

    assert told.exit_code == 0
    assert "INFO N03 follow_up.bpmn" in told.stdout and "ask_subject_consent" not in told.stdout
