// Tries a decision with given inputs: the result, and which rules gave it.
import { h, say, send } from './page.js';

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
  if (answer.trace) parts.push(h('details', {}, h('summary', {}, say('trace')), h('pre', { tabindex: '0' }, JSON.stringify(answer.trace, null, 1))));
  return parts;
}

/** The names that the tables of the file ask for, as a JSON object to fill in. */
function sample(modeler) {
  const names = new Set();
  for (const decision of modeler.getDefinitions().drgElement) {
    for (const input of decision.decisionLogic?.input ?? []) {
      const text = input.inputExpression?.text?.trim() ?? '';
      if (/^[\p{L}_][\p{L}\p{N}_]*$/u.test(text)) names.add(text);
    }
    if (decision.$type === 'dmn:InputData') names.add(decision.name || decision.id);
  }
  return JSON.stringify(Object.fromEntries([...names].map((name) => [name, null])), null, 1);
}
