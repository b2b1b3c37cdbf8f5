// What every island needs of its page: elements, texts in the page's language, requests with the page's CSRF token.
import { WORDS } from './words.js';

const english = document.documentElement.lang.startsWith('en');

/** The text of a word in the page's language, with {placeholders} filled in. */
export function say(key, values = {}) {
  const pair = WORDS[key];
  if (!pair) throw new Error(`no such word: ${key}`);
  return pair[english ? 1 : 0].replace(/\{(\w+)\}/g, (_, name) => String(values[name] ?? ''));
}

/** Of two texts that a server sends, the one in the page's language. */
export function either(chinese, inEnglish) {
  return english && inEnglish ? inEnglish : chinese;
}

/** An element with attributes, listeners (on...) and children. */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith('on')) element.addEventListener(name.slice(2), value);
    else if (name === 'value') element.value = value;
    else element.setAttribute(name, value === true ? '' : value);
  }
  element.append(...children.filter((one) => one !== null && one !== undefined));
  return element;
}

/** Starts an island on each of its places in the page; a failure is shown where the island would be. */
export function island(name, start) {
  for (const host of document.querySelectorAll(`[data-island="${name}"]`)) {
    host.classList.add('island', `island-${name}`);
    start(host).then(
      () => host.setAttribute('data-ready', 'true'),
      (problem) => {
        host.append(h('p', { class: 'island-problem', role: 'alert' }, `${say('cannot_load')} ${problem.message}`));
        host.setAttribute('data-ready', 'failed');
      },
    );
  }
}

/** What a problem says to a person: the first wrong field, else its own text. */
function reason(problem) {
  return problem.errors?.[0]?.message || problem.detail || problem.title || '';
}

async function request(url, options) {
  const answer = await fetch(url, { credentials: 'same-origin', ...options });
  if (answer.ok || answer.status === 422) return answer;
  const problem = await answer.json().catch(() => ({}));
  const error = new Error(reason(problem) || say('status', { status: answer.status }));
  error.status = answer.status;
  throw error;
}

export async function getText(url) {
  return (await request(url, { headers: { Accept: 'application/xml, text/xml, */*' } })).text();
}

export async function getJson(url) {
  return (await request(url, { headers: { Accept: 'application/json' } })).json();
}

function meta(page, name) {
  return page.querySelector(`meta[name="${name}"]`)?.content ?? '';
}

/** Whether the person of this page has signed in anew elsewhere since it was opened; their new token is taken over. */
async function isBack() {
  const text = await fetch(location.href, { credentials: 'same-origin', headers: { Accept: 'text/html' } }).then((answer) => answer.text());
  const page = new DOMParser().parseFromString(text, 'text/html');
  const token = meta(page, 'csrf-token');
  if (!meta(page, 'actor') || meta(page, 'actor') !== meta(document, 'actor') || token === meta(document, 'csrf-token')) return false;
  document.querySelector('meta[name="csrf-token"]').content = token;
  return true;
}

/** Sends text or JSON and gives back the JSON answer; 422 is an answer like any other, with its findings. */
export async function send(method, url, body, type = 'application/json', headers = {}) {
  const attempt = () =>
    request(url, {
      method,
      body,
      headers: { 'Content-Type': type, Accept: 'application/json', 'X-CSRF-Token': meta(document, 'csrf-token'), ...headers },
    });
  const answer = await attempt().catch(async (problem) => {
    if (problem.status === 403 && (await isBack())) return attempt();
    throw problem;
  });
  const told = answer.status === 204 ? {} : await answer.json();
  if (answer.status === 422 && !told.findings) throw Object.assign(new Error(reason(told)), { status: 422 });
  return told;
}

/** Runs a function once calls have stopped coming for a while. */
export function debounce(run, wait) {
  let timer = 0;
  return (...given) => {
    clearTimeout(timer);
    timer = setTimeout(() => run(...given), wait);
  };
}
