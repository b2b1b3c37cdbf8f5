"""What is wrong about a command line, said as the other sentences of this program are."""

import re

import click

from workflow_service import errors

_SAID = (
    (r"Invalid value for '([^']+)': ([\u4e00-\u9fff].*)", "{} {}"),
    (r"No such command '(.+?)'", "没有命令“{}”"),
    (r"No such option:? '?(-[^' .]+)", "没有选项“{}”"),
    (r"'([^']+)' does not exist", "没有文件或文件夹“{}”"),
    (r"'([^']+)' is a directory", "“{}”是文件夹，需要的是文件"),
    (r"'([^']+)' is a file", "“{}”是文件，需要的是文件夹"),
    (r"'([^']+)' is not (?:readable|writable)", "没有权限使用“{}”"),
    (r"Missing (?:argument|option|parameter) '?([^'.]+)", "缺少 {}"),
    (r"Invalid value for '([^']+)': (\S+) is not in the range ([\d<=x>]+)", "{} 不能是 {}，允许的范围是 {}"),
    (r"Invalid value for '([^']+)': '?([^' ]+)'? is not", "{} 不能是“{}”"),
    (r"unexpected extra arguments? \((.+)\)", "多余的参数“{}”"),
)


def sentence(wrong: click.UsageError, ctx: click.Context) -> str:
    """The fault in one sentence, and where the right use is explained."""
    text = wrong.format_message()
    found = ((re.search(pattern, text), said) for pattern, said in _SAID)
    told = next((said.format(*match.groups()) for match, said in found if match), text)
    return f"错误：{told}\n用法见：{(wrong.ctx or ctx).command_path} --help"


def reason(error: Exception) -> str:
    """Why a command failed, in one line: what is filled in wrongly is told, for there is no form to see it in."""
    wrong = error.errors if isinstance(error, errors.Invalid) else ()
    told = "；".join(one.template.format(**dict(one.params)) if one.params else one.template for one in wrong)
    return " ".join((told or str(error)).split())
