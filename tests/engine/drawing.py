"""Draws small diagrams in a few words, for the engine's tests."""

from xml.sax.saxutils import escape, quoteattr

from workflow_service import engine

NS = (
    'xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL"'
    ' xmlns:spiffworkflow="http://spiffworkflow.org/bpmn/schema/1.0/core"'
    ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
)


class Drawing:
    """One process: nodes by method, then ways between them."""

    def __init__(self, process: str) -> None:
        self.process = process
        self.parts: list[str] = []
        self.messages: set[str] = set()
        self.signals: set[str] = set()
        self.errors: set[str] = set()
        self.defaults: dict[str, str] = {}
        self.flows = 0

    def start(self, name: str, message: str = "", **properties: str) -> None:
        self._node("startEvent", name, properties, self._message(message))

    def end(self, name: str, error: str = "", terminate: bool = False) -> None:
        inside = "<terminateEventDefinition/>" if terminate else ""
        if error:
            self.errors.add(error)
            inside = f'<errorEventDefinition errorRef="{error}"/>'
        self._node("endEvent", name, {}, inside)

    def user(self, name: str, many: str = "", **properties: str) -> None:
        self._node("userTask", name, properties, many)

    def service(self, name: str, operation: str = "handlers.act", result: str = "", **parameters: str) -> None:
        values = "".join(
            f'<spiffworkflow:parameter id="{key}" type="any" value={quoteattr(text)}/>'
            for key, text in parameters.items()
        )
        variable = f' resultVariable="{result}"' if result else ""
        operator = f'<spiffworkflow:serviceTaskOperator id="{operation}"{variable}><spiffworkflow:parameters>{values}</spiffworkflow:parameters></spiffworkflow:serviceTaskOperator>'
        self.parts.append(f'<serviceTask id="{name}"><extensionElements>{operator}</extensionElements></serviceTask>')

    def decide(self, name: str, decision: str, **properties: str) -> None:
        called = f"<spiffworkflow:calledDecisionId>{decision}</spiffworkflow:calledDecisionId>"
        self.parts.append(
            f'<businessRuleTask id="{name}"><extensionElements>{called}{_properties(properties)}</extensionElements></businessRuleTask>'
        )

    def call(self, name: str, process: str, many: str = "", **properties: str) -> None:
        self.parts.append(
            f'<callActivity id="{name}" calledElement="{process}">{_extended(properties)}{many}</callActivity>'
        )

    def gate(self, name: str, kind: str = "exclusive") -> None:
        self.parts.append(f'<{kind}Gateway id="{name}"@{name}@/>')

    def throw(self, name: str, message: str = "", signal: str = "", payload: str = "") -> None:
        self._node("intermediateThrowEvent", name, {}, self._message(message, payload) + self._signal(signal))

    def catch(
        self,
        name: str,
        message: str = "",
        signal: str = "",
        timer: str = "",
        variable: str = "",
        condition: str = "",
        **properties: str,
    ) -> None:
        inside = (
            self._message(message, variable=variable) + self._signal(signal) + _timer(timer) + _condition(condition)
        )
        self._node("intermediateCatchEvent", name, properties, inside)

    def boundary(
        self,
        name: str,
        host: str,
        signal: str = "",
        timer: str = "",
        error: str = "",
        message: str = "",
        cancel: bool = True,
    ) -> None:
        inside = self._signal(signal) + _timer(timer) + self._message(message)
        if error:
            self.errors.add(error)
            inside = f'<errorEventDefinition errorRef="{error}"/>'
        self.parts.append(
            f'<boundaryEvent id="{name}" attachedToRef="{host}" cancelActivity="{str(cancel).lower()}">{inside}</boundaryEvent>'
        )

    def sub(self, name: str, inner: "Drawing", many: str = "") -> None:
        """An embedded sub-process with what another drawing holds."""
        self.messages |= inner.messages
        self.signals |= inner.signals
        self.errors |= inner.errors
        self.parts.append(f'<subProcess id="{name}">{many}{inner.body()}</subProcess>')

    def way(self, *names: str) -> None:
        """Flows from each node to the next."""
        for source, target in zip(names, names[1:], strict=False):
            self.flow(source, target)

    def flow(self, source: str, target: str, when: str = "", default: bool = False) -> str:
        """One flow; its id is given back."""
        self.flows += 1
        name = f"{self.process}_{source}_to_{target}_{self.flows}"
        condition = (
            f'<conditionExpression xsi:type="tFormalExpression">{escape(when)}</conditionExpression>' if when else ""
        )
        self.parts.append(
            f'<sequenceFlow id="{name}" sourceRef="{source}" targetRef="{target}">{condition}</sequenceFlow>'
        )
        if default:
            self.defaults[source] = name
        return name

    def raw(self, xml: str) -> None:
        """Anything the other methods cannot draw."""
        self.parts.append(xml)

    def body(self) -> str:
        """The nodes and flows."""
        text = "".join(self.parts)
        for part in self.parts:
            if "Gateway" in part and "@" in part:
                name = part.split("@")[1]
                text = text.replace(f"@{name}@", f' default="{self.defaults[name]}"' if name in self.defaults else "")
        return text

    def xml(self) -> bytes:
        """The file."""
        known = "".join(f'<message id="{one}" name="{one}"/>' for one in sorted(self.messages))
        known += "".join(f'<signal id="{one}" name="{one}"/>' for one in sorted(self.signals))
        known += "".join(f'<error id="{one}" name="{one}" errorCode="{one}"/>' for one in sorted(self.errors))
        return f'<definitions {NS}>{known}<process id="{self.process}" isExecutable="true">{self.body()}</process></definitions>'.encode()

    def _node(self, tag: str, name: str, properties: dict[str, str], inside: str) -> None:
        self.parts.append(f'<{tag} id="{name}">{_extended(properties)}{inside}</{tag}>')

    def _message(self, name: str, payload: str = "", variable: str = "") -> str:
        if not name:
            return ""
        self.messages.add(name)
        inside = f"<spiffworkflow:messagePayload>{escape(payload)}</spiffworkflow:messagePayload>" if payload else ""
        inside += f"<spiffworkflow:messageVariable>{variable}</spiffworkflow:messageVariable>" if variable else ""
        extended = f"<extensionElements>{inside}</extensionElements>" if inside else ""
        return f'<messageEventDefinition messageRef="{name}">{extended}</messageEventDefinition>'

    def _signal(self, name: str) -> str:
        if not name:
            return ""
        self.signals.add(name)
        return f'<signalEventDefinition signalRef="{name}"/>'


def _properties(properties: dict[str, str]) -> str:
    lines = "".join(
        f'<spiffworkflow:property name="{key}" value={quoteattr(text)}/>' for key, text in properties.items()
    )
    return f"<spiffworkflow:properties>{lines}</spiffworkflow:properties>" if lines else ""


def _extended(properties: dict[str, str]) -> str:
    return f"<extensionElements>{_properties(properties)}</extensionElements>" if properties else ""


def _timer(expression: str) -> str:
    return (
        f"<timerEventDefinition><timeDate>{escape(expression)}</timeDate></timerEventDefinition>" if expression else ""
    )


def _condition(expression: str) -> str:
    return (
        f"<conditionalEventDefinition><condition>{escape(expression)}</condition></conditionalEventDefinition>"
        if expression
        else ""
    )


def each(
    collection: str,
    item: str = "member",
    output: str = "",
    output_item: str = "",
    sequential: bool = False,
    until: str = "",
) -> str:
    """Multi-instance marks over a list."""
    inside = f"<loopDataInputRef>{collection}</loopDataInputRef>"
    inside += f"<loopDataOutputRef>{output}</loopDataOutputRef>" if output else ""
    inside += f'<inputDataItem name="{item}"/>' if item else ""
    inside += f'<outputDataItem name="{output_item}"/>' if output_item else ""
    inside += f"<completionCondition>{escape(until)}</completionCondition>" if until else ""
    return f'<multiInstanceLoopCharacteristics isSequential="{str(sequential).lower()}">{inside}</multiInstanceLoopCharacteristics>'


def compiled(*drawings: Drawing, decide: engine.program.Decide | None = None) -> engine.Program:
    """The program of some drawings."""
    files = {f"{one.process}.bpmn": one.xml() for one in drawings}
    return engine.compile_program(files, decide or (lambda name, inputs, env: None))
