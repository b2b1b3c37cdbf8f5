"""Whom a name means: people who type a name instead of an account mean the one who bears it."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy.orm import Session

from workflow_service import errors
from workflow_service.bundles import forms
from workflow_service.identity import roster


def by_account(session: Session, place: str, fields: Sequence[forms.Field], given: dict[str, Any]) -> dict[str, Any]:
    """The answers to fields with the names of people who have an account of the right role replaced by it.

    Only fields in which people without an account may stand, and which say of which roles people are, are read so.
    A name that nobody of these roles bears stays; raises Invalid for one that several bear.
    """
    typed = [one for one in _typed(fields, given, "") if not one[2].isascii()]
    if not typed:
        return given
    borne: dict[str, list[roster.Person]] = {}
    for one in roster.eligible(session, place, {role for _path, field, _name in typed for role in field.roles}):
        borne.setdefault(one.display_name, []).append(one)
    meant: dict[str, str] = {}
    for path, field, name in typed:
        fitting = [one.name for one in borne.get(name, ()) if set(one.roles) & set(field.roles)]
        if len(fitting) > 1:
            raise errors.Invalid([_ambiguous(path, field, name)])
        if fitting:
            meant[path] = fitting[0]
    return {name: _put(value, name, meant) for name, value in given.items()}


def _typed(
    fields: Sequence[forms.Field], given: Mapping[str, Any], before: str
) -> Iterator[tuple[str, forms.Field, str]]:
    for one in fields:
        value, path = given.get(one.name), before + one.name
        if one.outside and one.roles:
            several = value if isinstance(value, list) else [value]
            paths = [f"{path}.{number}" for number in range(len(several))] if isinstance(value, list) else [path]
            yield from ((at, one, name) for at, name in zip(paths, several, strict=True) if isinstance(name, str))
        elif one.fields and isinstance(value, dict):
            yield from _typed(one.fields, value, f"{path}.")
        elif one.fields and isinstance(value, list):
            for number, row in enumerate(value):
                yield from _typed(one.fields, row, f"{path}.{number}.")


def _put(value: Any, path: str, meant: Mapping[str, str]) -> Any:
    if isinstance(value, dict):
        return {name: _put(one, f"{path}.{name}", meant) for name, one in value.items()}
    if isinstance(value, list):
        return [_put(one, f"{path}.{number}", meant) for number, one in enumerate(value)]
    return meant.get(path, value)


def _ambiguous(path: str, field: forms.Field, name: str) -> errors.FieldError:
    told = (("label", field.label), ("label_en", field.label_en or field.label), ("name", name))
    return errors.FieldError(path, "ambiguous_person", "“{label}”：有多人名为“{name}”，请填写账号名", told)
