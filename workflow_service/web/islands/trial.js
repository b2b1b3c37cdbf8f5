// Tries a decision with given inputs: the result, and which rules gave it.
import { either, h, say, send } from './page.js';

export function createTrial(host, modeler, source) {
  const decisions = modeler.getDefinitions().drgElement.filter((one) => one.$type === 'dmn:Decision');
  const choice = h('select', { id: 'try-decision' }, ...decisions.map((one) => h('option', { value: one.id }, one.name || one.id)));
  const inputs = h('textarea', { id: 'try-inputs', rows: '6', spellcheck: 'false', value: sample(modeler) });
  const outcome = h('div', { class: 'trial-outcome', role: 'status' });

  async function run() {
    let given;
    try {
      given = JSON.parse(inputs.value || '{}');
    } catch (problem) {
      outcome.replaceChildren(h('p', { class: 'island-problem' }, `${say('bad_json')} ${problem.message}`));
      return;
    }
    try {
      const answer = await send('POST', host.dataset.try, JSON.stringify({ decision: choice.value, inputs: given, xml: await source() }));
      outcome.replaceChildren(...shown(answer));
    } catch (problem) {
      outcome.replaceChildren(h('p', { class: 'island-problem' }, problem.message));
    }
  }

  return h(
    'section',
    { class: 'modeler-findings trial', 'aria-label': say('try') },
    h('h2', {}, say('try')),
    h('label', { for: 'try-decision' }, say('decision')),
    choice,
    h('label', { for: 'try-inputs' }, say('inputs')),
    inputs,
    h('p', {}, h('button', { type: 'button', class: 'primary', onclick: run }, say('run_trial'))),
    outcome,
  );
}

function shown(answer) {
  const parts = [h('h3', {}, say('result')), h('pre', { tabindex: '0' }, JSON.stringify(answer.result ?? answer.findings ?? null, null, 1))];
  if (answer.trace) parts.push(h('ul', { class: 'trial-steps' }, ...steps(answer.trace).map(([kind, text]) => h('li', { class: kind }, text))));
  if (answer.trace) parts.push(h('details', {}, h('summary', {}, say('trace')), h('pre', { tabindex: '0' }, JSON.stringify(answer.trace, null, 1))));
  return parts;
}

/** What happened, in words: the rules that matched with their notes and outputs, and why something became null. */
function steps(trace) {
  const found = [];
  if (trace.failure) found.push(['trial-problem', either(trace.failure.message, trace.failure.message_en)]);
  for (const made of trace.decisions) {
    for (const table of made.tables) {
      if (!table.rules.length) found.push(['trial-rule', `${made.name}: ${say(table.default ? 'trial_default' : 'trial_none')}`]);
      for (const rule of table.rules) found.push(['trial-rule', `${made.name}: ${say('trial_rule', { n: rule.number })}${noted(rule.annotations)} → ${pairs(rule.outputs)}`]);
    }
  }
  for (const text of new Set(trace.problems.map((one) => either(one.message, one.message_en)))) found.push(['trial-problem', text]);
  return found;
}

function noted(annotations) {
  const text = Object.values(annotations).filter(Boolean).join('；');
  return text && ` (${Object.keys(annotations)[0] || say('note')} ${text})`;
}

function pairs(outputs) {
  return Object.entries(outputs).map(([name, value]) => `${name} ${typeof value === 'string' ? value : JSON.stringify(value)}`).join('，');
}

/** The names that the tables of the file ask for, as a JSON object to fill in. */
function sample(modeler) {
  const names = new Set();
  const literals = new Set(['true', 'false', 'null']);
  for (const decision of modeler.getDefinitions().drgElement) {
    for (const input of decision.decisionLogic?.input ?? []) {
      const text = input.inputExpression?.text?.trim() ?? '';
      if (/^[\p{L}_][\p{L}\p{N}_]*$/u.test(text) && !literals.has(text)) names.add(text);
    }
    if (decision.$type === 'dmn:InputData') names.add(decision.name || decision.id);
  }
  return JSON.stringify(Object.fromEntries([...names].map((name) => [name, null])), null, 1);
}
