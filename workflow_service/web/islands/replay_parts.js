// The parts of the replay that are text: the list of entries, and who did what with which data.
import { h, say } from './page.js';

const LONGEST = 160;

/** A line of the list: number, what, who, when. */
export function entryRow(step, onclick) {
  const title = h('span', { class: 'entry-what' }, step.what);
  const by = h('span', { class: 'entry-by' }, [step.who, step.at_text].filter(Boolean).join(' · '));
  const problem = step.agrees === false ? h('span', { class: 'entry-bad' }, say('differs')) : null;
  return h('li', {}, h('button', { type: 'button', onclick }, h('span', { class: 'entry-no' }, String(step.entry)), title, by, problem));
}

/** Everything about one entry: who, when, why, the steps taken, what changed in the data, its hash. */
export function detail(step) {
  const pairs = [
    [say('who'), step.who],
    [say('when'), step.at_text],
    [say('run'), [step.run, step.run_name].filter(Boolean).join(' ')],
    [say('note'), step.note],
    [say('digest'), step.hash],
  ].filter(([, value]) => value);
  return h(
    'div',
    {},
    h('h2', {}, `${step.entry}. ${step.what}`),
    h('dl', {}, ...pairs.flatMap(([name, value]) => [h('dt', {}, name), h('dd', { class: name === say('digest') ? 'hash' : null }, String(value))])),
    step.agrees === false ? h('p', { class: 'island-problem' }, say('differs_long')) : null,
    changes(step.diff ?? []),
  );
}

function changes(diff) {
  if (!diff.length) return h('p', { class: 'replay-nothing' }, say('nothing_changed'));
  const head = h('tr', {}, ...['data', 'before', 'after'].map((word) => h('th', { scope: 'col' }, say(word))));
  const rows = diff.map((one) => h('tr', {}, name(one), value(one.before, one.names ?? {}, one.people), value(one.after, one.names ?? {}, one.people)));
  return h('div', { class: 'replay-table', tabindex: '0', role: 'region', 'aria-label': say('changed_data') }, h('table', {}, h('caption', {}, say('changed_data')), h('thead', {}, head), h('tbody', {}, ...rows)));
}

/** What a piece of data is called, with its name in the data below. */
function name(one) {
  return h('th', { scope: 'row' }, one.label ?? one.path, one.label ? h('code', {}, one.path) : null);
}

function value(given, names, people = {}) {
  if (given === null || given === undefined) return h('td', { class: 'absent' }, '—');
  const text = flat(given, names, people);
  const whole = parts(given, names, people);
  if (text.length <= LONGEST) return h('td', {}, whole);
  return h('td', {}, h('details', {}, h('summary', {}, `${text.slice(0, 60)}…`), whole));
}

/** A value as lists of labels and texts; each label has its name in the data as its title, each person their account. */
function parts(given, names, people) {
  if (Array.isArray(given)) return h('ul', {}, ...given.map((one) => h('li', {}, parts(one, names, people))));
  if (given === null || typeof given !== 'object') return h('span', { title: people[given] ? given : null }, word(given, people));
  const pairs = Object.entries(given).map(([key, one]) =>
    h('li', {}, h('span', { class: 'label', title: key }, names[key] ?? key), parts(one, names, people)),
  );
  return h('ul', {}, ...pairs);
}

function word(given, people) {
  if (given === null) return '—';
  return typeof given === 'boolean' ? say(given ? 'yes' : 'no') : (people[given] ?? String(given));
}

function flat(given, names, people) {
  if (Array.isArray(given)) return given.map((one) => flat(one, names, people)).join('; ');
  if (given === null || typeof given !== 'object') return word(given, people);
  return Object.entries(given).map(([key, one]) => `${names[key] ?? key}: ${flat(one, names, people)}`).join(', ');
}
