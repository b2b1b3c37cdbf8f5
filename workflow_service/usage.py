"""What is wrong about a command line, said as the other sentences of this program are."""

import re

import click
from sqlalchemy.exc import SQLAlchemyError

from workflow_service import errors

_SAID = (
    (r"Invalid value for '?([^':]+)'?: ([\u4e00-\u9fff].*)", "{} {}"),
    (r"No such command '(.+?)'", "没有命令“{}”"),
    (r"No such option:? '?(-[^' .]+)", "没有选项“{}”"),
    (r"'([^']+)' does not exist", "没有文件或文件夹“{}”"),
    (r"'([^']+)' is a directory", "“{}”是文件夹，需要的是文件"),
    (r"'([^']+)' is a file", "“{}”是文件，需要的是文件夹"),
    (r"'([^']+)' is not (?:readable|writable)", "没有权限使用“{}”"),
    (r"Missing (?:argument|option|parameter) '?([^'.]+)", "缺少 {}"),
    (r"Invalid value for '([^']+)': (\S+) is not in the range ([\d<=x>]+)", "{} 不能是 {}，允许的范围是 {}"),
    (r"Invalid value for '([^']+)': '?([^' ]+)'? is not a valid int", "{} 不能是“{}”，须为整数"),
    (r"Invalid value for '([^']+)': '?([^' ]+)'? is not one of (.+?)\.?$", "{} 不能是“{}”，可用的是 {}"),
    (r"Invalid value for '([^']+)': '?([^' ]+)'? is not", "{} 不能是“{}”"),
    (r"unexpected extra arguments? \((.+)\)", "多余的参数“{}”"),
)


_OF_THE_SYSTEM = (
    (r"unable to open database file", "打不开这个文件，请检查它是否存在、是否可读写"),
    (r"disk I/O error", "不能读写这个文件，请检查磁盘，以及它是不是数据库文件"),
    (r"file is not a database", "这个文件不是 SQLite 数据库"),
    (r".*Connection refused.*", "拒绝连接，请检查主机和端口，并确认数据库已启动"),
    (r".*(?:Name or service not known|nodename nor servname).*", "找不到这台主机"),
    (r".*timeout expired.*", "连接超时，请检查主机和端口"),
    (r'.*password authentication failed for user "(.+?)".*', r"用户“\1”的密码不对"),
    (r'.*(?:database|role) "(.+?)" does not exist.*', r"数据库服务器上没有“\1”"),
    (r"Permission denied", "没有权限"),
    (r"No space left on device", "磁盘已满"),
    (r"Read-only file system", "文件系统只读"),
    (r"No such file or directory", "没有这个文件或文件夹"),
    (r"Is a directory", "这是文件夹，需要的是文件"),
    (r"Not a directory", "这是文件，需要的是文件夹"),
    (r"Address already in use", "端口已被占用"),
    (r"Cannot assign requested address", "本机没有这个地址"),
)
"""What databases and the system say in English, whatever sentence it stands in."""

_SHOWN = 20
"""So many findings of a bundle are listed where all of them would hide the sentence they belong to."""


def sentence(wrong: click.UsageError, ctx: click.Context) -> str:
    """The fault in one sentence, and where the right use is explained."""
    text = wrong.format_message()
    found = ((re.search(pattern, text), said) for pattern, said in _SAID)
    told = next((said.format(*match.groups()) for match, said in found if match), text)
    return f"错误：{told}\n用法见：{(wrong.ctx or ctx).command_path} --help"


def finding(one: errors.Finding) -> str:
    """A finding in one line, with its remedy."""
    return f"{one.severity.upper()} {one.rule} {one.file}:{one.line} {one.element} {one.message}　处理办法：{one.fix}"


def reason(error: Exception) -> str:
    """Why a command failed, in one line: what is filled in wrongly is told, for there is no form to see it in.

    The findings of a bundle follow, a line each.
    """
    if isinstance(error, errors.BadBundle):
        more = len(error.findings) - _SHOWN
        rest = [f"……另有 {more} 处，全部见：workflow-service check"] if more > 0 else []
        return "\n".join([str(error), *map(finding, error.findings[:_SHOWN]), *rest])
    wrong = error.errors if isinstance(error, errors.Invalid) else ()
    told = "；".join(one.template.format(**dict(one.params)) if one.params else one.template for one in wrong)
    return in_chinese(told or str(error))


def of_system(error: OSError) -> str:
    """What a file or folder cannot be used for."""
    return f"不能使用“{error.filename}”：{in_chinese(error.strerror or str(error))}"


def of_database(error: SQLAlchemyError) -> str:
    """Why a database cannot be used, where nothing below has found words for it."""
    return in_chinese(str(getattr(error, "orig", None) or error.__class__.__name__))


def in_chinese(text: str) -> str:
    """A sentence in one line, with what the system says in it put into Chinese."""
    before, mark, said = " ".join(text.split()).rpartition("：")  # the reason comes last
    for pattern, told in _OF_THE_SYSTEM:
        said = re.sub(pattern, told, said)
    return f"{before}{mark}{said}"
