// What the properties panel offers for which element: one line of the table is one field.
import * as model from './model.js';
import { either } from './page.js';

const TASKS = ['UserTask', 'ManualTask', 'ServiceTask', 'BusinessRuleTask', 'Task', 'CallActivity', 'SubProcess'];
const EVENTS = ['StartEvent', 'EndEvent', 'IntermediateThrowEvent', 'IntermediateCatchEvent', 'BoundaryEvent'];
const GATEWAYS = ['ExclusiveGateway', 'InclusiveGateway', 'ParallelGateway', 'EventBasedGateway'];
const NODES = [...TASKS, ...EVENTS, ...GATEWAYS];
const COMPUTING = ['UserTask', 'ServiceTask', 'BusinessRuleTask', 'CallActivity', 'SubProcess', 'StartEvent', 'IntermediateThrowEvent', 'IntermediateCatchEvent', 'EndEvent'];

const formOption = (one) => [one.id, `${either(one.title, one.title_en)} (${one.id})`];

/** A field that is a property of the extension elements. */
function prop(key, types, input, more = {}) {
  return {
    key,
    types,
    input,
    get: (element) => model.property(element, key),
    set: (modeler, element, value) => model.setProperty(modeler, element, key, value),
    ...more,
  };
}

/** A field that is an attribute of BPMN itself. */
function attribute(key, types, input, more = {}) {
  return {
    key,
    types,
    input,
    get: (element) => model.of(element)[key] ?? '',
    set: (modeler, element, value) => model.update(modeler, element, { [key]: value || undefined }),
    ...more,
  };
}

function event(key, kind, input, get, set, more = {}) {
  return { key, types: EVENTS, input, when: (element) => Boolean(model.definition(element, kind)), get, set, ...more };
}

function reference(key, kind, options) {
  const get = (element) => {
    const found = model.definition(element, kind)?.[`${kind.toLowerCase()}Ref`];
    return (kind === 'Error' ? found?.errorCode : found?.name) ?? '';
  };
  return event(key, kind, 'suggest', get, (modeler, element, value) => model.refer(modeler, element, kind, value), { options });
}

function body(key, name, kinds) {
  const holder = (element) => model.definition(element, 'Message');
  return event(key, 'Message', key === 'payload' ? 'feel' : 'text', (element) => model.bodyOf(holder(element), name), (modeler, element, value) => model.setBody(modeler, element, holder(element), name, value), {
    types: kinds,
  });
}

function timer(key, kind, name) {
  return event(key, kind, 'feel', (element) => model.definition(element, kind)[name]?.body ?? '', (modeler, element, value) =>
    model.setExpression(modeler, element, model.definition(element, kind), name, value),
  );
}

function instance(key) {
  return {
    key: `many_${key}`,
    types: TASKS,
    input: 'text',
    when: (element) => model.many(element) !== null,
    get: (element) => model.many(element)[key],
    set: (modeler, element, value) => model.setMany(modeler, element, key, value),
  };
}

const rooted = (element) => element.type === 'bpmn:StartEvent' || Boolean(model.definition(element, 'Message'));
const conditional = (element) => ['bpmn:ExclusiveGateway', 'bpmn:InclusiveGateway'].includes(model.of(element).sourceRef?.$type);

/** Groups in the order of the panel. */
export const GROUPS = [
  {
    word: 'group_general',
    fields: [
      attribute('id', [...NODES, 'SequenceFlow', 'Process', 'Participant', 'Lane'], 'id'),
      attribute('name', [...NODES, 'SequenceFlow', 'Process', 'Participant'], 'text'),
      { ...attribute('name', ['Lane'], 'choice'), key: 'lane', options: (catalog) => catalog.lanes?.map((one) => [one.name, one.name]) },
      prop('name_en', [...NODES, 'SequenceFlow', 'Process'], 'text'),
      prop('article', [...NODES, 'Process'], 'suggest', { options: (catalog) => catalog.articles?.map((one) => [one.id, one.summary]) }),
    ],
  },
  {
    word: 'group_task',
    fields: [
      prop('form', ['UserTask'], 'choice', { empty: 'form_same', options: (catalog) => catalog.forms?.map(formOption) }),
      prop('assignee', ['UserTask'], 'feel'),
      prop('due', ['UserTask'], 'feel'),
      prop('show', ['UserTask'], 'text'),
      prop('priority', ['UserTask'], 'text'),
      prop('mandatory', ['UserTask'], 'check'),
      prop('sealed', ['UserTask'], 'check'),
    ],
  },
  { word: 'group_service', special: 'service', types: ['ServiceTask'] },
  {
    word: 'group_decision',
    fields: [
      {
        key: 'decision',
        types: ['BusinessRuleTask'],
        input: 'choice',
        options: (catalog) => catalog.decisions?.map((one) => [one.id ?? one, one.name ? `${one.name} (${one.id})` : one]),
        get: (element) => model.bodyOf(model.of(element), 'CalledDecisionId'),
        set: (modeler, element, value) => model.setBody(modeler, element, model.of(element), 'CalledDecisionId', value),
      },
      prop('inputs', ['BusinessRuleTask'], 'feel'),
      prop('result', ['BusinessRuleTask'], 'text'),
    ],
  },
  {
    word: 'group_call',
    fields: [attribute('calledElement', ['CallActivity'], 'choice', { options: (catalog) => catalog.processes?.map((one) => [one.id, `${one.name} (${one.id})`]) })],
  },
  {
    word: 'group_event',
    fields: [
      reference('message', 'Message', (catalog) => catalog.messages?.map((one) => [one, ''])),
      reference('signal', 'Signal', (catalog) => catalog.signals?.map((one) => [one, ''])),
      reference('error', 'Error', () => []),
      body('payload', 'MessagePayload', ['IntermediateThrowEvent', 'EndEvent']),
      body('variable', 'MessageVariable', ['IntermediateCatchEvent', 'BoundaryEvent', 'StartEvent']),
      timer('timeDate', 'Timer', 'timeDate'),
      prop('mandatory', ['IntermediateCatchEvent', 'BoundaryEvent'], 'check', { when: (element) => Boolean(model.definition(element, 'Timer')) }),
      timer('condition_event', 'Conditional', 'condition'),
    ],
  },
  {
    word: 'group_entrance',
    fields: [
      prop('roles', ['StartEvent', 'IntermediateCatchEvent'], 'text', { when: rooted, hint: (catalog) => catalog.roles?.map((one) => `${one.name} ${one.code ?? one.id}`).join('，') }),
      prop('form', ['StartEvent', 'IntermediateCatchEvent'], 'choice', { when: (element) => Boolean(model.definition(element, 'Message')), options: (catalog) => catalog.forms?.map(formOption) }),
      prop('allowed', ['StartEvent', 'IntermediateCatchEvent'], 'feel', { when: rooted }),
      prop('refusal', ['StartEvent', 'IntermediateCatchEvent'], 'area', { when: rooted }),
      prop('refusal_en', ['StartEvent', 'IntermediateCatchEvent'], 'area', { when: rooted }),
    ],
  },
  {
    word: 'group_flow',
    fields: [
      {
        key: 'condition',
        types: ['SequenceFlow'],
        input: 'feel',
        when: conditional,
        get: (element) => model.of(element).conditionExpression?.body ?? '',
        set: (modeler, element, value) => model.setExpression(modeler, element, model.of(element), 'conditionExpression', value),
      },
      {
        key: 'default',
        types: ['SequenceFlow'],
        input: 'check',
        when: conditional,
        get: (element) => (model.of(element).sourceRef?.default === model.of(element) ? 'true' : ''),
        set: (modeler, element, value) => modeler.get('modeling').updateProperties(element.source, { default: value ? model.of(element) : undefined }),
      },
    ],
  },
  { word: 'group_many', fields: [instance('list'), instance('item'), instance('output'), instance('outputItem')] },
  { word: 'group_data', fields: [prop('set', COMPUTING, 'feel'), prop('publish', COMPUTING, 'feel')] },
];

/** The groups and fields that concern an element. */
export function concerning(element) {
  const kind = model.type(element);
  const fits = (field) => field.types.includes(kind) && (!field.when || field.when(element));
  return GROUPS.map((group) => ({ ...group, fields: (group.fields ?? []).filter(fits) })).filter((group) => group.fields.length || group.types?.includes(kind));
}
