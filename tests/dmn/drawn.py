"""Draws small decision models as XML, so that a test shows only what it is about."""

from collections.abc import Sequence
from xml.sax.saxutils import escape, quoteattr

NAMESPACE = "https://www.omg.org/spec/DMN/20230324/MODEL/"


def model(*parts: str, namespace: str = NAMESPACE, own: str = "urn:own", declarations: str = "") -> bytes:
    """A whole model around its parts."""
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>{declarations}'
        f'<definitions xmlns="{namespace}" id="defs" name="drawn" namespace="{own}">{"".join(parts)}</definitions>'
    ).encode()


def item(
    name: str, base: str = "", *, allowed: str = "", many: bool = False, parts: str = "", tag: str = "itemDefinition"
) -> str:
    """A type, or with `tag="itemComponent"` a component of one."""
    limits = f"<allowedValues><text>{escape(allowed)}</text></allowedValues>" if allowed else ""
    of = f"<typeRef>{base}</typeRef>" if base else ""
    return f'<{tag} name={quoteattr(name)} isCollection="{str(many).lower()}">{of}{limits}{parts}</{tag}>'


def component(name: str, base: str) -> str:
    """A component of a type."""
    return item(name, base, tag="itemComponent")


def given(name: str, type_ref: str = "") -> str:
    """An input; its id is the name with `in_` before it."""
    return f'<inputData id="in_{name}" name="{name}">{variable(name, type_ref)}</inputData>'


def variable(name: str, type_ref: str = "", tag: str = "variable") -> str:
    """A variable, or a parameter."""
    of = f' typeRef="{type_ref}"' if type_ref else ""
    return f"<{tag} name={quoteattr(name)}{of}/>"


def decision(
    name: str,
    logic: str,
    *,
    inputs: Sequence[str] = (),
    needs: Sequence[str] = (),
    knows: Sequence[str] = (),
    type_ref: str = "",
) -> str:
    """A decision; `inputs`, `needs` and `knows` are names of inputs, decisions and functions it draws on."""
    drawn = "".join(
        f'<informationRequirement><requiredInput href="#in_{one}"/></informationRequirement>' for one in inputs
    )
    drawn += "".join(
        f'<informationRequirement><requiredDecision href="#{one}"/></informationRequirement>' for one in needs
    )
    drawn += "".join(
        f'<knowledgeRequirement><requiredKnowledge href="{one if "#" in one else "#" + one}"/></knowledgeRequirement>'
        for one in knows
    )
    return f'<decision id="{name}" name="{name}">{variable(name, type_ref)}{drawn}{logic}</decision>'


def knowledge(name: str, params: str, body: str, *, knows: Sequence[str] = (), type_ref: str = "") -> str:
    """A business knowledge model."""
    drawn = "".join(f'<knowledgeRequirement><requiredKnowledge href="#{one}"/></knowledgeRequirement>' for one in knows)
    return (
        f'<businessKnowledgeModel id="{name}" name="{name}">{variable(name, type_ref)}'
        f"<encapsulatedLogic>{params}{body}</encapsulatedLogic>{drawn}</businessKnowledgeModel>"
    )


def param(name: str, type_ref: str = "") -> str:
    """A formal parameter."""
    return variable(name, type_ref, "formalParameter")


def feel(text: str, type_ref: str = "") -> str:
    """A literal expression."""
    of = f' typeRef="{type_ref}"' if type_ref else ""
    return f"<literalExpression{of}><text>{escape(text)}</text></literalExpression>"


def entry(name: str, value: str, type_ref: str = "") -> str:
    """A row of a boxed context; without a name its result."""
    return f"<contextEntry>{variable(name, type_ref) if name else ''}{value}</contextEntry>"


def column(expression: str, type_ref: str = "", values: str = "", label: str = "") -> str:
    """An input column of a table."""
    of = f' typeRef="{type_ref}"' if type_ref else ""
    limits = f"<inputValues><text>{escape(values)}</text></inputValues>" if values else ""
    named = f" label={quoteattr(label)}" if label else ""
    return f"<input{named}><inputExpression{of}><text>{escape(expression)}</text></inputExpression>{limits}</input>"


def output(name: str = "", type_ref: str = "", values: str = "", default: str = "") -> str:
    """An output column of a table."""
    of = f' typeRef="{type_ref}"' if type_ref else ""
    limits = f"<outputValues><text>{escape(values)}</text></outputValues>" if values else ""
    other = f"<defaultOutputEntry><text>{escape(default)}</text></defaultOutputEntry>" if default else ""
    return f'<output name="{name}"{of}>{limits}{other}</output>'


def rule(tests: Sequence[str], outputs: Sequence[str], note: str = "") -> str:
    """A row of a table, with its article in the annotation column."""
    cells = "".join(f"<inputEntry><text>{escape(test)}</text></inputEntry>" for test in tests)
    cells += "".join(f"<outputEntry><text>{escape(one)}</text></outputEntry>" for one in outputs)
    return f"<rule>{cells}<annotationEntry><text>{escape(note)}</text></annotationEntry></rule>"


def table(policy: str, columns: str, rules: Sequence[str], aggregation: str = "") -> str:
    """A decision table with the annotation column 依据."""
    how = f' aggregation="{aggregation}"' if aggregation else ""
    return f'<decisionTable id="t" hitPolicy="{policy}"{how}>{columns}<annotation name="依据"/>{"".join(rules)}</decisionTable>'
