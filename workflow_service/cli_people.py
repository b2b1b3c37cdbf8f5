"""People on the command line: units, accounts, and the tokens of programs; what is done to them is recorded."""

from typing import Any

import click
from sqlalchemy.orm import Session

from workflow_service import console, errors
from workflow_service.identity import accounts, actors, credentials, roster, units
from workflow_service.storage import people


@click.command("add-unit", epilog="例：workflow-service add-unit city-system 信息中心 city 市本级")
@click.argument("code")
@click.argument("name")
@click.argument("place")
@click.argument("place_name")
@console.database
def add_unit(database: str | None, **given: str) -> None:
    """新增一个单位，或改它的名称：代码、名称、地区代码（市本级为 city）、地区名称。"""
    with console.writing(database, f"unit_entered {given['code']}", new=True) as session:
        told = _enter_or_rename(session, people.Unit(**given))
    click.echo(told)


def _enter_or_rename(session: Session, unit: people.Unit) -> str:
    known = session.get(people.Unit, unit.code)
    if known is None:
        units.enter(session, actors.console("admin"), unit)
        return f"已新增单位 {unit.code}（{unit.name}，{unit.place_name}）"
    if known.place != unit.place:
        raise errors.Conflict("单位“{code}”属于“{place}”，地区不能改", code=unit.code, place=known.place)
    before = known.name
    units.rename(session, actors.console("admin"), unit.code, unit.name)
    return f"单位 {unit.code} 的名称由“{before}”改为“{unit.name}”"


@click.group()
def user() -> None:
    """人员。"""


@user.command("add", epilog="例：workflow-service user add wang --display-name 王芳 --unit city-office --role clerk")
@click.argument("name")
@click.option("--display-name", required=True, help="姓名")
@click.option("--unit", required=True, help="单位代码，见 add-unit")
@click.option("--role", "roles", multiple=True, help="角色，可写多次")
@click.option("--password", prompt="密码", hide_input=True, confirmation_prompt="再次输入密码", help="不写则提示输入")
@click.option("--password-given", is_flag=True, help="密码由他人设置：首次登录时须改为自己的密码")
@console.database
def user_add(name: str, database: str | None, **given: Any) -> None:
    """新增一名用户。"""
    roles = (f"role_given {name} {one}" for one in given["roles"])
    with console.writing(database, f"person_created {name}", *roles, new=True) as session:
        accounts.create(session, actors.console("admin"), console.now(), accounts.NewPerson(name, **given))
    click.echo(f"已新增 {name}")


@user.command("list", epilog="例：workflow-service user list")
@console.database
def user_list(database: str | None) -> None:
    """列出用户。"""
    with console.looking(database) as session:
        for one in roster.everybody(session):
            state = "" if one.active else "停用"
            click.echo("\t".join((one.name, one.display_name, one.unit_name, ",".join(one.roles), state)))


@user.command("disable", epilog="例：workflow-service user disable wang")
@click.argument("name")
@console.database
def user_disable(name: str, database: str | None) -> None:
    """停用一名用户。"""
    with console.writing(database, f"person_disabled {name}") as session:
        accounts.disable(session, actors.console("admin"), name)
    click.echo(f"已停用 {name}")


@click.group()
def token() -> None:
    """程序访问令牌。"""


@token.command("create", epilog="例：workflow-service token create wang --label 统计")
@click.argument("name")
@click.option("--label", default="cli", show_default=True, help="用途，作废时可按它选择")
@console.database
def token_create(name: str, label: str, database: str | None) -> None:
    """为一名用户生成令牌，只显示这一次。"""
    with console.writing(database, f"token_issued {name}") as session:
        click.echo(credentials.issue_token(session, console.now(), roster.actor_named(session, name).id, label))


@token.command("revoke", epilog="例：workflow-service token revoke wang --label 统计")
@click.argument("name")
@click.option("--label", help="只作废这一标签的令牌；不写则全部作废")
@console.database
def token_revoke(name: str, label: str | None, database: str | None) -> None:
    """作废一名用户的令牌，立即生效。"""
    with console.writing(database, f"tokens_revoked {name}") as session:
        count = credentials.revoke_tokens(session, console.now(), roster.by_name(session, name).id, label)
        if label is not None and not count:
            raise errors.NotFound("用户“{name}”没有标签为“{label}”的有效令牌", name=name, label=label)
        click.echo(f"已作废 {count} 个令牌")
