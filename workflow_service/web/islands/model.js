// Reads and writes what a diagram says beyond plain BPMN; each write is one step that can be undone.
const PREFIX = 'spiffworkflow:';

export const type = (element) => element.businessObject.$type.replace('bpmn:', '');
export const of = (element) => element.businessObject;

function extension(holder, name) {
  return holder.extensionElements?.values?.find((one) => one.$type === PREFIX + name);
}

/** Copies the extensions of a holder with one of them replaced (or left out), so that undo brings back the old ones. */
function withExtension(moddle, holder, name, replacement) {
  const others = (holder.extensionElements?.values ?? []).filter((one) => one.$type !== PREFIX + name);
  const values = replacement ? [...others, replacement] : others;
  if (!values.length) return undefined;
  const made = moddle.create('bpmn:ExtensionElements', { values });
  made.$parent = holder;
  for (const one of values) one.$parent = made;
  return made;
}

export function property(element, name) {
  return extension(of(element), 'Properties')?.properties?.find((one) => one.name === name)?.value ?? '';
}

export function setProperty(modeler, element, name, value) {
  const moddle = modeler.get('moddle');
  const old = extension(of(element), 'Properties')?.properties ?? [];
  const kept = old.map((one) => (one.name === name ? { name, value } : { name: one.name, value: one.value })).filter((one) => one.value !== '');
  if (value !== '' && !old.some((one) => one.name === name)) kept.push({ name, value });
  const list = kept.map((one) => moddle.create('spiffworkflow:Property', one));
  const holder = list.length ? moddle.create('spiffworkflow:Properties', { properties: list }) : null;
  for (const one of list) one.$parent = holder;
  update(modeler, element, { extensionElements: withExtension(moddle, of(element), 'Properties', holder) });
}

export function update(modeler, element, values) {
  modeler.get('modeling').updateProperties(element, values);
}

export function bodyOf(holder, name) {
  return holder ? (extension(holder, name)?.value ?? '') : '';
}

/** Sets an extension that is only text, on the element itself or on its event definition. */
export function setBody(modeler, element, holder, name, value) {
  const moddle = modeler.get('moddle');
  const made = value === '' ? null : moddle.create(PREFIX + name, { value });
  modeler.get('modeling').updateModdleProperties(element, holder, { extensionElements: withExtension(moddle, holder, name, made) });
}

/** The operation of a service task: id, result variable, parameters as {id: FEEL}. */
export function operator(element) {
  const found = extension(of(element), 'ServiceTaskOperator');
  const parameters = Object.fromEntries((found?.parameterList?.parameters ?? []).map((one) => [one.id, one.value ?? '']));
  return { id: found?.id ?? '', result: found?.resultVariable ?? '', parameters };
}

export function setOperator(modeler, element, changed) {
  const moddle = modeler.get('moddle');
  const wanted = { ...operator(element), ...changed };
  const parameters = Object.entries(wanted.parameters)
    .filter(([, value]) => value !== '')
    .map(([id, value]) => moddle.create('spiffworkflow:Parameter', { id, type: 'any', value }));
  const list = moddle.create('spiffworkflow:Parameters', { parameters });
  for (const one of parameters) one.$parent = list;
  const made = moddle.create('spiffworkflow:ServiceTaskOperator', { id: wanted.id, resultVariable: wanted.result || undefined, parameterList: list });
  list.$parent = made;
  update(modeler, element, { extensionElements: withExtension(moddle, of(element), 'ServiceTaskOperator', made) });
}

export function definition(element, kind) {
  return (of(element).eventDefinitions ?? []).find((one) => one.$type === `bpmn:${kind}EventDefinition`);
}

/** Points an event at the message, signal or error of a name; it is declared in the file when it is not there yet. */
export function refer(modeler, element, kind, name) {
  const moddle = modeler.get('moddle');
  const root = modeler.getDefinitions();
  const key = kind === 'Error' ? 'errorCode' : 'name';
  let found = root.rootElements.find((one) => one.$type === `bpmn:${kind}` && one[key] === name);
  if (!found && name) {
    const free = root.rootElements.every((one) => one.id !== name);
    found = moddle.create(`bpmn:${kind}`, { id: free ? name : `${kind.toLowerCase()}_${name}`, name, ...(kind === 'Error' ? { errorCode: name } : {}) });
    found.$parent = root;
    modeler.get('modeling').updateModdleProperties(element, root, { rootElements: [...root.rootElements, found] });
  }
  modeler.get('modeling').updateModdleProperties(element, definition(element, kind), { [`${kind.toLowerCase()}Ref`]: found });
}

/** A FEEL expression under an element or one of its parts. */
export function setExpression(modeler, element, holder, name, text) {
  const made = text === '' ? undefined : modeler.get('moddle').create('bpmn:FormalExpression', { body: text });
  if (made) made.$parent = holder;
  modeler.get('modeling').updateModdleProperties(element, holder, { [name]: made });
}

/** The list, item and output of a multi-instance activity; null when it is not one. */
export function many(element) {
  const found = of(element).loopCharacteristics;
  if (found?.$type !== 'bpmn:MultiInstanceLoopCharacteristics') return null;
  return {
    holder: found,
    list: found.loopDataInputRef?.id ?? '',
    item: found.inputDataItem?.name ?? found.inputDataItem?.id ?? '',
    output: found.loopDataOutputRef?.id ?? '',
    outputItem: found.outputDataItem?.name ?? found.outputDataItem?.id ?? '',
  };
}

export function setMany(modeler, element, key, value) {
  const moddle = modeler.get('moddle');
  const { holder } = many(element);
  const names = { list: 'loopDataInputRef', output: 'loopDataOutputRef', item: 'inputDataItem', outputItem: 'outputDataItem' };
  const refers = key === 'list' || key === 'output';
  // an item is called like the answer it stands for, often the task itself; its id must be another one
  const id = refers ? value : `${of(element).id}_${key === 'item' ? 'item' : 'result'}`;
  const made = value === '' ? undefined : moddle.create(refers ? 'bpmn:Property' : 'bpmn:DataInput', { id, name: value });
  modeler.get('modeling').updateModdleProperties(element, holder, { [names[key]]: made });
}

/** A list named by a multi-instance mark is run data, no drawn element: the reference is kept instead of being dropped. */
export function keepReferences(modeler) {
  modeler.on('import.parse.complete', 2000, ({ references = [] }) => {
    const moddle = modeler.get('moddle');
    for (const { element, property: name, id } of references) {
      if (!/loopData(Input|Output)Ref$/.test(name)) continue;
      if (!element.get(name)) element.set(name, moddle.create('bpmn:Property', { id }));
    }
  });
}
