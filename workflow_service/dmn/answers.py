"""Answers one question to a model: fetches what each decision draws on, makes it once, and keeps the trace."""

from collections.abc import Mapping, Sequence
from typing import Any

from workflow_service.dmn import cells, elements, item_types, links, making, model, trace
from workflow_service.dmn.cells import Session
from workflow_service.feel import errors, values
from workflow_service.feel.limits import Run
from workflow_service.feel.scopes import Scope
from workflow_service.feel.values import Value


class Frame:
    """One model with what is given to it, during one question.

    Args:
        given: values by name or id; those for an imported model under the import's local name.
        made: values of decisions that are known already, by id.
        log: where the decisions made are kept, in order.
    """

    def __init__(
        self,
        parts: model.Parts,
        given: Mapping[str, Any],
        session: Session,
        log: list[trace.DecisionTrace],
        made: dict[str, Value] | None = None,
    ) -> None:
        self.parts = parts
        self.given = given
        self.session = session
        self.log = log
        self.values: dict[str, Value] = dict(made or {})
        self.children: dict[str, Frame] = {}

    def child(self, prefix: str) -> "Frame":
        """The frame of an imported model; what isn't given for it is looked for outside."""
        if prefix not in self.children:
            inner = self.given.get(prefix)
            given = {**self.given, **inner} if isinstance(inner, Mapping) else self.given
            self.children[prefix] = Frame(self.parts.imports[prefix], given, self.session, self.log)
        return self.children[prefix]

    def fetch(self, need: links.Need) -> Value:
        """The value of something that an element draws on."""
        frame = self if need.prefix is None else self.child(need.prefix)
        if need.kind == "input":
            return frame.input(need.id)
        return frame.decide(need.id) if need.kind == "decision" else frame.function(need.id)

    def scope(self, needs: Sequence[links.Need]) -> Scope:
        """The variables that an element sees."""
        scope = Scope(self.session, None)
        for need in needs:
            value = self.fetch(need)
            if need.context:
                scope.setdefault(need.context, {})[need.name] = value
            else:
                scope[need.name] = value
        return scope

    def input(self, ident: str) -> Value:
        """A given value, brought to its type; null when nothing is given."""
        if ident not in self.values:
            source = self.parts.directory.by_id[ident]
            key = next((key for key in (source.variable.name, source.name, ident) if key in self.given), None)
            value = None if key is None else values.from_python(self.given[key])
            wanted = self.parts.book.feel_type(source.variable.type_ref)
            self.values[ident] = self._typed(item_types.from_text(value, wanted), source)
        return self.values[ident]

    def _typed(self, value: Value, source: elements.Drawn) -> Value:
        coerce = self.parts.book.coerce(source.variable.type_ref)
        if coerce is None:
            return value
        fits, brought = coerce(self.session, value)
        if not fits:
            cells.note(self.session, source.place, *making.mismatch(value, source.variable.type_ref))
        return brought

    def decide(self, ident: str) -> Value:
        """The value of a decision, made once after all that it rests on."""
        if ident not in self.values:
            for one in self.parts.order(ident):
                if one not in self.values:
                    self.values[one] = self._make(self.parts.decisions[one])
        return self.values[ident]

    def _make(self, made: model.Made) -> Value:
        session = self.session
        outside = session.notes, session.tables
        session.notes, session.tables = [], []
        scope = self.scope(made.needs)
        if made.sees_all:
            scope = self._everything(scope)
        value = self._logic(made, scope)
        if session.listening:
            self._record(made, scope, value)
        session.notes, session.tables = outside
        return value

    def _everything(self, scope: Scope) -> Scope:
        outer = Scope(self.session, None)
        outer.update({str(name): values.from_python(value) for name, value in self.given.items()})
        scope.outer = outer
        return scope

    def _logic(self, made: model.Made, scope: Scope) -> Value:
        if made.evaluate is None:
            return cells.note(self.session, made.source.place, "决策没有逻辑", "the decision has no logic")
        return made.evaluate(scope)

    def _record(self, made: model.Made, scope: Scope, value: Value) -> None:
        shown = {**(scope.outer or {}), **scope}
        inputs = {name: one for name, one in shown.items() if not isinstance(one, values.Function)}
        problems = tuple(problem(note) for note in self.session.notes)
        tables = tuple(one for one in self.session.tables if isinstance(one, trace.TableTrace))
        self.log.append(trace.DecisionTrace(made.source.id, made.source.name, inputs, tables, value, problems))

    def function(self, ident: str) -> Value:
        """The function of a business knowledge model or a decision service."""
        if ident not in self.values:
            if ident in self.parts.knowledge:
                self.values[ident] = self._knowledge(self.parts.knowledge[ident])
            else:
                source = self.parts.directory.by_id[ident]
                self.values[ident] = self._service(source) if isinstance(source, elements.Service) else None
        return self.values[ident]

    def _knowledge(self, known: model.Known) -> Value:
        source = known.source
        if known.make is None:
            return cells.note(self.session, source.place, "业务知识没有逻辑", "it has no logic")
        scope = _Later(self, known.needs)
        function = known.make(scope, source.name)
        scope[source.variable.name] = function
        if known.coerce is None:
            return function
        inner, coerce, type_ref = function.call, known.coerce, source.variable.type_ref

        def call(run: Run, args: list[Value]) -> Value:
            value = inner(run, args)
            fits, brought = coerce(run, value)
            if not fits:
                cells.note(run, source.place, *making.mismatch(value, type_ref))
            return brought

        function.call = call
        scope[source.variable.name] = function
        return function

    def _service(self, source: elements.Service) -> Value:
        taken = [self.parts.directory.find(href) for href in (*source.input_data, *source.input_decisions)]
        outputs = [self.parts.directory.find(href) for href in source.outputs]
        own = [[part[1] for part in parts if part and part[0] is None] for parts in (taken, outputs)]
        if len(own[0]) < len(taken) or len(own[1]) < len(outputs) or not outputs:
            zh, en = "决策服务引用了不存在或被导入的元素", "the service refers to elements that are missing or imported"
            return cells.note(self.session, source.place, zh, en)
        return self._callable(source, own[0], own[1])

    def _callable(
        self, source: elements.Service, taken: Sequence[elements.Drawn], outputs: Sequence[elements.Drawn]
    ) -> values.Function:
        names = [part.variable.name for part in taken]
        types_of = [self.parts.book.feel_type(part.variable.type_ref) for part in taken]

        def call(run: Run, args: list[Value]) -> Value:
            made = {part.id: self._argument(run, part, value) for part, value in zip(taken, args, strict=True)}
            with cells.deeper(run):
                inner = Frame(self.parts, {}, self.session, self.log, made)
                results = {part.variable.name: inner.decide(part.id) for part in outputs}
                return self._outcome(source, results, run)

        return values.Function(source.name, names, call, types_of)

    def _argument(self, run: Run, part: elements.Drawn, value: Value) -> Value:
        coerce = self.parts.book.coerce(part.variable.type_ref)
        fits, brought = (True, value) if coerce is None else coerce(run, value)
        if not fits:
            zh, en = making.mismatch(value, part.variable.type_ref)
            raise errors.Refused(f"参数“{part.name}”：{zh}", f"argument {part.name!r}: {en}")
        return brought

    def _outcome(self, source: elements.Service, results: dict[str, Value], run: Run) -> Value:
        value = next(iter(results.values())) if len(results) == 1 else results
        coerce = self.parts.book.coerce(model.result_type(self.parts, source.variable.type_ref))
        if coerce is None:
            return value
        fits, brought = coerce(run, value)
        if not fits:
            cells.note(run, source.place, *making.mismatch(value, source.variable.type_ref))
        return brought


class _Later(Scope):
    """The variables of a function of the model, fetched when they are asked for, so that functions may call each other."""

    __slots__ = ("frame", "needs")

    def __init__(self, frame: Frame, needs: Sequence[links.Need]) -> None:
        super().__init__(frame.session, None)
        self.frame = frame
        self.needs = {need.context or need.name: [] for need in needs}  # type: dict[str, list[links.Need]]
        for need in needs:
            self.needs[need.context or need.name].append(need)

    def __missing__(self, name: str) -> Value:
        if name not in self.needs:
            raise KeyError(name)
        for need in self.needs[name]:
            value = self.frame.fetch(need)
            if need.context:
                self.setdefault(name, {})[need.name] = value
            else:
                self[name] = value
        return self[name]


def problem(note: cells.Note) -> trace.ProblemTrace:
    """A note as the trace shows it, with the place in words."""
    place = note.place
    zh = f"{place.zh}：{note.zh}" if place.zh else note.zh
    en = f"{place.en}: {note.en}" if place.en else note.en
    return trace.ProblemTrace(zh, en, place.element, place.line, place.rule, place.column, note.failure)
