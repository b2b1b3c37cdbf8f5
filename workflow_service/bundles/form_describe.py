"""Tells programs and pages what a form asks: its fields in order, with choices, conditions and first values resolved."""

from collections.abc import Mapping
from typing import Any

from workflow_service.bundles import form_conditions, form_scope
from workflow_service.bundles.form_model import PATTERNS, Expression, Field, Form, Option, carrying
from workflow_service.bundles.form_scope import Seen

_WORDS = ("label_en", "help", "help_en", "article", "purpose", "pattern", "row_id", "bare")


def prefill(form: Form, scope: Mapping[str, Any]) -> dict[str, Any]:
    """The first values of a form: defaults of what a person may see, by field name."""
    return _first(form.fields, form_scope.seen({name: None for name in form.answers}, scope))


def _first(fields: tuple[Field, ...], sight: Seen) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for one in carrying(fields):
        if one.access == "hidden":
            continue
        here = sight.within(values)
        if one.default is not None:
            values[one.name] = here.value(one.default)
        elif one.type == "group":
            values[one.name] = _first(one.fields, here) or None
    return {name: value for name, value in values.items() if value is not None}


def describe(form: Form, scope: Mapping[str, Any]) -> dict[str, Any]:
    """A form as JSON for a person with this scope; hidden fields and expressions are left out.

    Every field has ``name``, ``type``, ``label``, ``required``, ``access``, ``visible`` and, where there is one,
    ``value`` (its first value), ``options``, ``fields``, ``show`` (a condition as ``form_conditions.simple`` gives it),
    limits and texts. ``asked`` marks a yes or no that wants an answer, unlike a box to tick. ``visible`` says whether its condition holds with the first values.
    """
    values = prefill(form, scope)
    sight = form_scope.seen({**{name: None for name in form.answers}, **values}, scope)
    return {
        "id": form.id,
        "title": form.title,
        "title_en": form.title_en,
        "article": form.article,
        "note": form.note,
        "note_en": form.note_en,
        "fields": [
            _field(one, sight, values, _answerable(form.fields)) for one in form.fields if one.access != "hidden"
        ],
    }


def _answerable(fields: tuple[Field, ...]) -> frozenset[str]:
    """What a person can answer: a condition on anything else is judged here, once and for all."""
    return frozenset(one.name for one in carrying(fields) if one.access == "write")


def _field(one: Field, sight: Seen, values: Mapping[str, Any], names: frozenset[str]) -> dict[str, Any]:
    told: dict[str, Any] = {
        "name": one.name,
        "type": one.type,
        "label": one.label,
        "required": form_scope.required(one, sight),
        "access": one.access,
        "visible": sight.holds(one.when) and sight.holds(one.relevant),
    }
    told |= {key: getattr(one, key) for key in _WORDS if getattr(one, key)}
    told |= _limits(one)
    if one.type == "boolean" and one.asked:
        told["asked"] = True
    if one.options or one.options_from:
        told["options"] = [_option(entry) for entry in form_scope.options(one, sight)]
    if one.fields:
        within = names | _answerable(one.fields)
        inner_values = values.get(one.name) if one.type == "group" else None
        told["fields"] = [
            _field(entry, sight, inner_values or {}, within) for entry in one.fields if entry.access != "hidden"
        ]
    if one.name in values:
        told["value"] = values[one.name]
    return told | _conditions(one, names)


def _limits(one: Field) -> dict[str, Any]:
    bounds = one.bounds
    found: dict[str, Any] = {
        "min": None if bounds.least is None else str(bounds.least),
        "max": None if bounds.most is None else str(bounds.most),
        "min_length": bounds.shortest,
        "max_length": bounds.longest,
        "min_rows": bounds.fewest,
        "max_rows": bounds.most_rows,
        "rows": one.lines,
        "sensitive": one.sensitive,
        "sealed": one.sealed,
        "outside": one.outside,
        "roles": list(one.roles),
    }
    if one.type == "decimal":
        found["places"] = one.places
    if one.pattern:
        found["pattern_hint"], found["pattern_hint_en"] = PATTERNS[one.pattern][1:]
    return {key: value for key, value in found.items() if value}


def _option(entry: Option) -> dict[str, str]:
    told = {
        "value": entry.value,
        "label": entry.label,
        "label_en": entry.label_en,
        "group": entry.group,
        "group_en": entry.group_en,
    }
    return {key: value for key, value in told.items() if value}


def _conditions(one: Field, names: frozenset[str]) -> dict[str, Any]:
    """What a browser may judge by itself, and whether an answer can change what the server judged."""
    shown = [entry for entry in (one.when, one.relevant) if entry is not None]
    told: dict[str, Any] = {}
    if len(shown) == 1 and (found := _own(shown[0], names)):
        told["show"] = found
    elif any(entry.roots & names for entry in shown):
        told["undecided"] = True
    if isinstance(one.required, Expression) and (found := _own(one.required, names)):
        told["required_when"] = found
    return told


def _own(expression: Expression, names: frozenset[str]) -> dict[str, Any] | None:
    return form_conditions.simple(expression.source) if expression.roots <= names else None
