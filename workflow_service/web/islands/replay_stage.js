// The diagram of the replay: which one is shown, the ways taken so far, where the tokens stand and how they get there.
import { badge, fit, frame, mark, reveal } from './canvas.js';
import { inLanguage } from './in_language.js';
import { getText, h, say } from './page.js';

const FLIGHT = 650;
const calm = () => matchMedia('(prefers-reduced-motion: reduce)').matches;

/** What has happened in a process up to a step: done and cancelled elements, visits, flows; counted from the first step. */
export function standing(steps, upto, process) {
  const found = { done: new Set(), cancelled: new Set(), taken: new Set(), visits: new Map() };
  for (let index = 0; index <= upto; index += 1) {
    for (const one of steps[index].moved ?? []) if (one.process === process) count(found, one);
  }
  return found;
}

function count(found, one) {
  if (one.flow) found.taken.add(one.flow);
  found.visits.set(one.element, Math.max(found.visits.get(one.element) ?? 0, one.visit || 1));
  if (one.happened === 'passed') {
    found.done.add(one.element);
    found.cancelled.delete(one.element);
  } else if (one.happened === 'cancelled') found.cancelled.add(one.element);
}

/** The process to look at: where a token last came to wait in this step, else where anything moved, else as before. */
export function scene(step, before) {
  const moved = step.moved ?? [];
  const waits = moved.filter((one) => one.happened === 'entered');
  const here = (waits.at(-1) ?? moved.at(-1))?.process;
  return here ?? step.process ?? before;
}

export function createStage(host, story) {
  const crumbs = h('nav', { class: 'replay-crumbs', 'aria-label': say('shown_process') });
  const place = h('div', { class: 'replay-canvas' });
  host.append(crumbs, place);
  const viewer = frame(place, say('diagram'));
  const sources = new Map();
  const shown = { process: '', index: -1 };
  const begun = story.steps.find((one) => story.diagrams[scene(one, '')]);
  const first = begun ? scene(begun, '') : Object.keys(story.diagrams)[0];
  let turn = 0;

  async function open(process) {
    if (shown.process === process) return true;
    const url = story.diagrams[process];
    if (!url) return false;
    if (!sources.has(process)) sources.set(process, getText(url));
    const { warnings } = await viewer.importXML(inLanguage(await sources.get(process), story.lanes));
    if (warnings.length) host.setAttribute('data-warnings', String(warnings.length));
    shown.process = process;
    fit(viewer);
    return true;
  }

  async function paint(index, process, moving) {
    const mine = (turn += 1);
    if (!(await open(process)) || mine !== turn) return;
    clear(viewer);
    const step = story.steps[index];
    const past = standing(story.steps, index, process);
    const tokens = (step.tokens ?? []).filter((one) => one.process === process).map((one) => one.element);
    const here = (step.moved ?? []).filter((one) => one.process === process);
    const just = here.filter((one) => one.flow).map((one) => one.flow);
    mark(viewer, { taken: past.taken, just, done: past.done, cancelled: past.cancelled, current: tokens });
    for (const [id, visits] of past.visits) if (visits > 1) badge(viewer, id, `×${visits}`, tokens.includes(id) ? 'current' : 'done');
    for (const id of new Set(tokens)) if ((past.visits.get(id) ?? 1) < 2) badge(viewer, id, '●', 'current');
    const focus = here.at(-1)?.element ?? tokens[0];
    if (focus) reveal(viewer, focus);
    if (moving && !calm()) fly(viewer, just);
    trail(index, process);
  }

  function trail(index, process) {
    const step = story.steps[index];
    const touched = [...new Set([...(step.moved ?? []), ...(step.tokens ?? [])].map((one) => one.process))];
    if (!touched.includes(process)) touched.push(process);
    crumbs.replaceChildren(
      h('span', { class: 'crumb-run' }, step.run_name || step.run || say('case')),
      ...touched.map((one) =>
        h('button', { type: 'button', 'aria-pressed': String(one === process), onclick: () => paint(index, one, false) }, story.names?.[one] ?? one),
      ),
    );
  }

  return {
    async show(index, forward) {
      shown.index = index;
      const before = shown.process || first;
      const wanted = scene(story.steps[index], before);
      await paint(index, story.diagrams[wanted] ? wanted : before, forward);
    },
  };
}

const MARKS = ['taken', 'just', 'done', 'cancelled', 'current'];

function clear(viewer) {
  const canvas = viewer.get('canvas');
  viewer.get('overlays').clear();
  for (const old of canvas.getDefaultLayer().querySelectorAll('.diagram-token')) old.remove();
  viewer.get('elementRegistry').forEach((element) => {
    for (const kind of MARKS) if (canvas.hasMarker(element, `mark-${kind}`)) canvas.removeMarker(element, `mark-${kind}`);
  });
}

/** A dot runs along each flow that was taken in this step, one after the other. */
function fly(viewer, flows) {
  const registry = viewer.get('elementRegistry');
  const layer = viewer.get('canvas').getDefaultLayer();
  flows.forEach((id, order) => {
    const connection = registry.get(id);
    if (!connection?.waypoints) return;
    const dot = document.createElementNS('http://www.w3.org/2000/svg', 'circle');
    dot.setAttribute('r', '8');
    dot.setAttribute('class', 'diagram-token');
    const path = connection.waypoints.map((point, at) => `${at ? 'L' : 'M'}${point.x} ${point.y}`).join(' ');
    dot.style.offsetPath = `path("${path}")`;
    dot.style.offsetRotate = '0deg';
    dot.style.opacity = '0';
    layer.append(dot);
    const way = [
      { offsetDistance: '0%', opacity: 1 },
      { offsetDistance: '100%', opacity: 1 },
    ];
    dot.animate(way, { duration: FLIGHT, delay: Math.min(order, 6) * (FLIGHT / 3), easing: 'ease-in-out' }).finished.then(() => dot.remove(), () => dot.remove());
  });
}
