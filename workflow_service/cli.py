"""The command line: serve, work, check, publish, decide, replay, doctor, backup, people; each with an example."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
import orjson
from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError
from tqdm import tqdm

from workflow_service import backups, cli_people, console, demo, dmn, errors, feel, scenarios, serving, usage
from workflow_service.audit import oracle
from workflow_service.audit import replay as replaying
from workflow_service.bundles import check as checking
from workflow_service.bundles import overlay, programs, read, scenario_file, variant_file, variants
from workflow_service.bundles import publish as publishing
from workflow_service.cases import lifecycle
from workflow_service.identity import roster
from workflow_service.storage import archive, tables

FINDINGS, WRONG_USE, FAILED = 1, 2, 3


class Commands(click.Group):
    """Turns what can go wrong into one sentence on stderr and an exit code."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except click.exceptions.NoArgsIsHelpError:
            raise  # click shows the help
        except click.UsageError as wrong:
            click.echo(usage.sentence(wrong, ctx), err=True)
            ctx.exit(WRONG_USE)
        except (errors.ServiceError, feel.FeelError, dmn.DmnError, ValueError) as error:
            click.echo(f"错误：{usage.reason(error)}", err=True)
        except SQLAlchemyError as error:
            click.echo(f"错误：不能使用数据库，请检查地址和权限：{usage.of_database(error)}", err=True)
        except click.Abort:
            click.echo("已取消，没有改动", err=True)
        except BrokenPipeError:
            raise  # whoever reads has seen enough; click ends quietly
        except OSError as error:
            click.echo(f"错误：{usage.of_system(error)}", err=True)
        return ctx.exit(FAILED)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="workflow-service")
def main() -> None:
    """容错纠错认定流程服务。"""


@main.command(epilog="例：workflow-service serve --demo --port 8000")
@console.database
@click.option("--demo", is_flag=True, default=None, help="演示模式：演示人员、可拨动的时钟、邮件箱")
@click.option("--port", type=click.IntRange(1, 65535), help="监听的端口，默认 8000")
@click.option("--host", help="监听的地址，默认 127.0.0.1")
def serve(**given: Any) -> None:
    """启动网页服务；使用 SQLite 时同一进程内也执行作业。"""
    console.tell_misspelt()
    serving.serve(console.chosen(**given), click.echo)


@main.command(epilog="例：workflow-service work --database postgresql+psycopg://...")
@console.database
@click.option("--concurrency", type=click.IntRange(1, 64), help="同时执行的作业数，默认 4")
def work(database: str | None, concurrency: int | None) -> None:
    """启动一个执行作业的工作进程（PostgreSQL，可在多台主机上启动多个）。"""
    console.tell_misspelt()
    serving.work(console.chosen(database=database, worker_concurrency=concurrency), click.echo)


@main.command(epilog="例：workflow-service check bpmn forms")
@click.argument("paths", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@click.option("--format", "shape", type=click.Choice(["text", "json"]), default="text", help="逐行文字或 JSON")
def check(paths: tuple[Path, ...], shape: str) -> None:
    """检查流程图、决策表和表单，列出全部问题。"""
    bundle = read.read_paths(paths)
    if not bundle.files:
        raise errors.NotFound("“{paths}”中没有流程图、决策表、表单或文书", paths="、".join(map(str, paths)))
    found = checking.check(bundle)
    if not bundle.partial:
        found += scenario_file.unpassed(bundle)
        found += [one for path in paths for given in read.read_variants(path) for one in overlay.faults(bundle, given)]
    if shape == "json":
        click.echo(orjson.dumps([one.__dict__ for one in found], option=orjson.OPT_INDENT_2).decode())
    else:
        for one in found:
            click.echo(usage.finding(one))
        click.echo(f"共 {len(found)} 处问题" if found else "没有发现问题")
    if any(one.severity == "error" for one in found):
        sys.exit(FINDINGS)


@main.command(epilog="例：workflow-service publish . --by wang")
@click.argument("directory", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--by", required=True, metavar="NAME", help="编制人的用户名")
@click.option("--place", default="city", show_default=True, help="县区代码：提交 bpmn/variants/<代码>.json 中的变体")
@console.database
def publish(directory: Path, by: str, place: str, database: str | None) -> None:
    """把一个文件夹（含 bpmn/ 与 forms/）作为新版本提交审批。"""
    files = read.read_directory(directory / "bpmn", directory / "forms").files
    rules = directory / "bpmn" / "variants" / f"{place}.json"
    with console.writing(database) as session:
        actor = roster.actor_named(session, by)
        if place != variants.CITY:
            if not rules.is_file():
                raise errors.NotFound("没有变体文件“{path}”", path=rules)
            draft = publishing.new_variant(session, actor, console.now(), variant_file.require(rules.read_bytes()))
        else:
            draft = publishing.upload(session, actor, console.now(), publishing.Origin(place, files))
        publishing.submit(session, actor, console.now(), draft.id)
        click.echo(f"已提交审批：{draft.hash}")


@main.command(epilog="例：workflow-service approve 3f9a... --by li")
@click.argument("bundle_hash")
@click.option("--by", required=True, metavar="NAME", help="审批人的用户名，不能是编制人")
@console.database
def approve(bundle_hash: str, by: str, database: str | None) -> None:
    """批准并发布一个已提交的版本。"""
    with console.writing(database) as session:
        actor = roster.actor_named(session, by)
        publishing.approve(session, actor, console.now(), bundle_hash)
        bundle = publishing.publish(session, actor, console.now(), bundle_hash)
        click.echo(f"已发布：{bundle.place} 第 {bundle.version} 版")


@main.command("feel", epilog="""例：workflow-service feel 'a + 1' --context '{"a": 2}'""")
@click.argument("expression")
@click.option("--context", default="{}", help="JSON 对象")
def evaluate(expression: str, context: str) -> None:
    """求一个 FEEL 表达式的值；为空值时在标准错误中说明原因。"""
    seen: list[feel.Problem] = []
    env = feel.Env(clock=feel.clock, problems=seen)
    try:
        value = feel.evaluate(expression, _json(context, "--context"), env=env)
    except feel.FeelError as fault:
        raise feel.FeelError(f"{fault.message_zh}{_at(fault.position)}", fault.message_en) from None
    for one in seen:
        click.echo(f"提示：{one.zh}{_at(one.position)}", err=True)
    click.echo(feel.text(value))


def _at(position: tuple[int, int] | None) -> str:
    return f"（第 {position[0]} 行第 {position[1]} 字符）" if position else ""


@main.command(epilog="""例：workflow-service decide bpmn/route.dmn route --input '{"complex": true}'""")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.argument("decision")
@click.option("--input", "given", default="{}", help="JSON 对象")
@click.option("--trace", is_flag=True, help="同时显示命中的规则和依据")
def decide(file: Path, decision: str, given: str, trace: bool) -> None:
    """运行一张决策表。"""
    model = dmn.read(file.read_bytes())
    for name in _json(given, "--input").keys() - {*model.inputs, *model.inputs.values()} if model.inputs else ():
        known = "、".join(model.inputs.values())
        click.echo(f"提示：决策表没有输入“{name}”；有：{known}", err=True)
    if trace:
        click.echo(
            orjson.dumps(
                model.decide_traced(decision, _json(given, "--input")).to_json(), option=orjson.OPT_INDENT_2
            ).decode()
        )
    else:
        answer = model.decide_traced(decision, _json(given, "--input"))
        if answer.failure is not None:
            raise answer.failure
        for note in (problem.message for made in answer.decisions for problem in made.problems):
            click.echo(f"提示：{note}", err=True)
        click.echo(feel.text(answer.value))


@main.command("run-scenarios", epilog="例：workflow-service run-scenarios . --coverage")
@click.argument("directory", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--coverage", is_flag=True, help="列出没有任何情景走到的人工环节")
def run_scenarios(directory: Path, coverage: bool) -> None:
    """运行文件夹中流程包的全部情景，核对结果。"""
    files = read.read_directory(directory / "bpmn", directory / "forms").files
    counties = read.read_variants(directory)
    stories = scenario_file.in_bundle(files)
    if not stories:
        raise errors.NotFound("“{folder}”中没有情景（应在 bpmn/scenarios 下）", folder=directory)
    outcomes = [scenarios.play(files, one, counties) for one in tqdm(stories, desc="运行情景", disable=None)]
    for one in outcomes:
        click.echo(f"{'通过' if not one.differences else '不符'}　{one.scenario.id}　{one.scenario.title}")
        for difference in one.differences:
            click.echo(f"　　{difference}", err=True)
    if coverage:
        program = programs.load("", files).program
        for missed in scenarios.not_reached(program, [one.passed for one in outcomes]):
            click.echo(f"未走到：{missed.process} {missed.id}")
    if any(one.differences for one in outcomes):
        sys.exit(FINDINGS)


def _json(text: str, option: str) -> dict[str, Any]:
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise click.BadParameter(
            f"不是合法的 JSON（第 {error.lineno} 行第 {error.colno} 列）", param_hint=option
        ) from error
    if not isinstance(value, dict):
        raise click.BadParameter('须为 JSON 对象，如 {"a": 1}', param_hint=option)
    return value


@main.command(epilog="例：workflow-service replay RC-2026-00001")
@click.argument("case")
@console.database
def replay(case: str, database: str | None) -> None:
    """按日志重新执行一件案件，核对每一步的状态。"""
    with console.looking(database) as session:
        outcome = replaying.verify(session, lifecycle.find(session, case))
    click.echo(f"日志 {outcome.entries} 条，重现 {outcome.reproduced} 条")
    if not outcome.holds:
        click.echo(f"不一致：{outcome.fault}", err=True)
        sys.exit(FINDINGS)
    click.echo("哈希链完整，状态一致")


@main.command(epilog="例：workflow-service doctor")
@console.database
def doctor(database: str | None) -> None:
    """检查全部案件：哈希链、状态、作业、期限。"""
    with console.looking(database) as session:
        total = session.scalar(select(func.count()).select_from(tables.Case)) or 0
        with tqdm(total=total, desc="检查案件", disable=None) as bar:
            found = oracle.examine(session, demo.now_in(session, console.now), tick=lambda: bar.update() and None)
    _report(found)


def _report(found: list[oracle.Fault]) -> None:
    for fault in found:
        click.echo(f"{fault.number}：{fault.text}", err=True)
    click.echo(f"发现 {len(found)} 处问题" if found else "一切正常")
    if found:
        sys.exit(FINDINGS)


@main.command(epilog="例：workflow-service rebuild RC-2026-00001")
@click.argument("case")
@console.database
def rebuild(case: str, database: str | None) -> None:
    """按日志重新生成一件案件的状态，以及由此产生的任务、作业和期限。"""
    with console.writing(database) as session:
        click.echo(f"已重建 {oracle.rebuild(session, console.now(), lifecycle.lock_unread(session, case))} 个运行")


@main.command(epilog="例：workflow-service backup /backup/2026-09-18.zip")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@console.database
def backup(file: Path, database: str | None) -> None:
    """在服务运行中把数据库和密钥备份到一个文件。"""
    with _progress("备份") as tick:
        kept = backups.backup(console.existing(console.chosen(database=database)), serving.clock, file, tick)
    click.echo(f"已备份案件 {kept.cases} 件、共 {kept.rows} 行、文件 {kept.files} 个：{file}")


@main.command(epilog="例：workflow-service restore /backup/2026-09-18.zip --verify --database sqlite:///var/service.db")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--verify", is_flag=True, help="恢复后检查全部案件")
@console.database
def restore(file: Path, verify: bool, database: str | None) -> None:
    """把备份恢复到一个空数据库和数据文件夹。"""
    chosen = console.chosen(database=database)
    with _progress("恢复") as tick:
        kept = backups.restore(chosen, file, tick)
    click.echo(
        f"已恢复案件 {kept.cases} 件、共 {kept.rows} 行、文件 {kept.files} 个（备份时间 {kept.taken_at:%Y-%m-%d %H:%M:%S} UTC）"
    )
    if verify:
        with tqdm(total=kept.cases, desc="检查案件", disable=None) as bar:
            found = backups.examine(chosen, kept.taken_at, lambda: bar.update() and None)
        _report(found)


@contextmanager
def _progress(what: str) -> Iterator[archive.Tick]:
    """A progress bar on a terminal, a line for each table in a pipe."""
    with tqdm(desc=what, unit="行", disable=None, dynamic_ncols=True) as bar:

        def tick(table: str, done: int, total: int) -> None:
            if bar.disable:
                if done == total and total:
                    click.echo(f"{what} {table}：{total} 行")
                return
            if bar.desc != f"{what} {table}: ":
                bar.reset(total=total)
                bar.set_description(f"{what} {table}")
            bar.update(done - bar.n)

        yield tick


main.add_command(cli_people.add_unit)
main.add_command(cli_people.user)
main.add_command(cli_people.token)
