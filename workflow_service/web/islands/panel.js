// The properties panel: draws the fields of the chosen element and writes what is typed back into the diagram.
import { concerning } from './fields.js';
import * as model from './model.js';
import { h, say } from './page.js';

export function createPanel(host, modeler, catalog) {
  let shown = null;

  function render() {
    if (!shown) return host.replaceChildren(h('p', { class: 'panel-hint' }, say('choose_element')));
    const kind = modeler.get('translate')(kindName(shown));
    const sections = concerning(shown).map((group) => section(group));
    const isWhole = shown === modeler.get('canvas').getRootElement();
    return host.replaceChildren(
      h('h2', {}, model.of(shown).name || model.of(shown).id),
      h('p', { class: 'panel-kind' }, kind),
      ...sections,
      isWhole ? h('p', { class: 'panel-hint' }, say('choose_element')) : '',
    );
  }

  function section(group) {
    const fields = group.special === 'service' ? service() : group.fields.map((field) => row(field));
    return h('fieldset', {}, h('legend', {}, say(group.word)), ...fields);
  }

  function row(field) {
    const id = `panel-${field.key}`;
    const commit = (value) => field.set(modeler, shown, value);
    const control = input(field, id, field.get(shown), commit);
    const help = field.hint?.(catalog);
    if (field.input === 'check') return h('p', { class: 'panel-check' }, control, h('label', { for: id }, say(`field_${field.key}`)));
    return h('p', {}, h('label', { for: id }, say(`field_${field.key}`)), control, help ? h('small', {}, help) : null);
  }

  function input(field, id, value, commit) {
    const makers = { feel: area, area, choice, check, suggest, id: identifier, text };
    return makers[field.input](field, id, value, commit);
  }

  function text(field, id, value, commit) {
    return h('input', { id, value, type: 'text', autocomplete: 'off', spellcheck: 'false', onchange: (event) => commit(event.target.value.trim()) });
  }

  function area(field, id, value, commit) {
    const rows = String(Math.min(8, Math.max(2, Math.ceil(value.length / 34))));
    const feel = field.input === 'feel';
    return h('textarea', { id, value, rows, class: feel ? 'feel' : null, spellcheck: 'false', onchange: (event) => commit(event.target.value.trim()) });
  }

  function choice(field, id, value, commit) {
    const options = field.options(catalog) ?? [];
    const known = options.some(([one]) => one === value);
    const rows = [h('option', { value: '' }, field.empty ? say(field.empty) : '')];
    if (value && !known) rows.push(h('option', { value }, say('unknown_value', { value })));
    rows.push(...options.map(([one, label]) => h('option', { value: one }, label)));
    const control = h('select', { id, onchange: (event) => commit(event.target.value) }, ...rows);
    control.value = value;
    return control;
  }

  function suggest(field, id, value, commit) {
    const list = h('datalist', { id: `${id}-list` }, ...(field.options(catalog) ?? []).map(([one, label]) => h('option', { value: one }, label)));
    const control = text(field, id, value, commit);
    control.setAttribute('list', `${id}-list`);
    return h('span', { class: 'panel-suggest' }, control, list);
  }

  function check(field, id, value, commit) {
    return h('input', { id, type: 'checkbox', checked: value === 'true', onchange: (event) => commit(event.target.checked ? 'true' : '') });
  }

  function identifier(field, id, value, commit) {
    const control = text(field, id, value, () => {
      const wanted = control.value.trim();
      const taken = wanted !== value && modeler.get('moddle').ids.assigned(wanted);
      const bad = !/^[a-z][a-z0-9_]{0,63}$/.test(wanted) ? 'bad_id' : taken ? 'taken_id' : '';
      control.setCustomValidity(bad && say(bad));
      if (bad) control.reportValidity();
      else commit(wanted);
    });
    return control;
  }

  function service() {
    const now = model.operator(shown);
    const known = catalog.operations?.find((one) => one.name === now.id);
    const names = new Set([...(known?.parameters ?? []).map((one) => one.name), ...Object.keys(now.parameters)]);
    const operations = { options: () => (catalog.operations ?? []).map((one) => [one.name, `${one.title} (${one.name})`]) };
    const line = (label, control, note) => h('p', {}, h('label', { for: control.id }, label), control, note ? h('small', {}, note) : null);
    return [
      line(say('field_operation'), choice(operations, 'panel-operation', now.id, (id) => model.setOperator(modeler, shown, { id })), known?.summary),
      line(say('field_result'), text({}, 'panel-result', now.result, (result) => model.setOperator(modeler, shown, { result }))),
      ...[...names].map((name) => {
        const about = known?.parameters.find((one) => one.name === name);
        const label = name + (about?.required ? ` (${say('required')})` : '') + (known && !about ? ` (${say('unknown_parameter')})` : '');
        const commit = (value) => model.setOperator(modeler, shown, { parameters: { ...model.operator(shown).parameters, [name]: value } });
        return line(label, area({ input: 'feel' }, `panel-parameter-${name}`, now.parameters[name] ?? '', commit), about?.doc);
      }),
    ];
  }

  return {
    show(element) {
      shown = element?.labelTarget ?? element;
      render();
    },
    refresh(changed) {
      if (!shown || !changed.includes(shown)) return;
      // a field's change event comes before the focus has moved on; wait for it, so that the focus can be given back
      setTimeout(() => {
        const { id } = document.activeElement;
        const within = host.contains(document.activeElement);
        render();
        if (within && id) document.getElementById(id)?.focus();
      });
    },
  };
}

/** 'bpmn:UserTask' is "User task", as the replace menu calls it. */
function kindName(element) {
  const words = model.type(element).replace(/([a-z])([A-Z])/g, '$1 $2').toLowerCase();
  return words.charAt(0).toUpperCase() + words.slice(1);
}
