// A diagram that is looked at: drawn, fitted, moved by mouse, touch or keyboard, with marked elements.
import 'bpmn-js/dist/assets/diagram-js.css';
import 'bpmn-js/dist/assets/bpmn-js.css';
import 'bpmn-js/dist/assets/bpmn-font/css/bpmn.css';
import './canvas.css';
import Viewer from 'bpmn-js/lib/Viewer';
import MoveCanvas from 'diagram-js/lib/navigation/movecanvas';
import { h, say } from './page.js';

const LEAST = 0.2;
const MOST = 3;

/** A viewer in a frame with zoom buttons; the wheel scrolls the page unless Ctrl is held. */
export function frame(host, label) {
  const place = h('div', { class: 'diagram-canvas', role: 'region', 'aria-label': label, tabindex: '0' });
  const tools = h(
    'div',
    { class: 'diagram-tools' },
    button('−', say('zoom_out'), () => zoom(viewer, 1 / 1.2)),
    button('+', say('zoom_in'), () => zoom(viewer, 1.2)),
    button('⤢', say('zoom_fit'), () => fit(viewer)),
  );
  host.append(h('div', { class: 'diagram-frame' }, place, tools));
  const viewer = new Viewer({ container: place, additionalModules: [MoveCanvas] });
  place.addEventListener('wheel', (event) => byWheel(viewer, event), { passive: false });
  place.addEventListener('keydown', (event) => byKey(viewer, event));
  return viewer;
}

function button(text, label, onclick) {
  return h('button', { type: 'button', 'aria-label': label, title: label, onclick }, text);
}

function byWheel(viewer, event) {
  if (!event.ctrlKey) return;
  event.preventDefault();
  zoom(viewer, event.deltaY < 0 ? 1.1 : 1 / 1.1);
}

function byKey(viewer, event) {
  if (event.target !== event.currentTarget || event.altKey || event.ctrlKey || event.metaKey) return;
  const step = 60;
  const moves = { ArrowLeft: [step, 0], ArrowRight: [-step, 0], ArrowUp: [0, step], ArrowDown: [0, -step] };
  const others = { '+': () => zoom(viewer, 1.2), '=': () => zoom(viewer, 1.2), '-': () => zoom(viewer, 1 / 1.2), 0: () => fit(viewer) };
  if (moves[event.key]) viewer.get('canvas').scroll({ dx: moves[event.key][0], dy: moves[event.key][1] });
  else if (others[event.key]) others[event.key]();
  else return;
  event.preventDefault();
  event.stopPropagation();
}

export function zoom(viewer, factor) {
  const canvas = viewer.get('canvas');
  canvas.zoom(Math.min(MOST, Math.max(LEAST, canvas.zoom() * factor)), 'auto');
}

/**
 * Shows the whole diagram with a margin, or its beginning where the whole would be too small to read.
 * Small diagrams are not blown up; `left` pixels of the canvas are covered.
 */
export function fit(viewer, left = 0, least = 0.5) {
  const canvas = viewer.get('canvas');
  const { inner, outer } = canvas.viewbox();
  if (!outer.width || !outer.height || !inner.width) return;
  const margin = 20;
  const room = { width: outer.width - left, height: outer.height };
  const whole = Math.min(room.width / (inner.width + 2 * margin), room.height / (inner.height + 2 * margin));
  const scale = Math.min(Math.max(whole, least), 1.15);
  const before = (size, wanted) => Math.max((size / scale - wanted) / 2, margin);
  canvas.viewbox({
    x: inner.x - before(room.width, inner.width) - left / scale,
    y: inner.y - before(room.height, inner.height),
    width: outer.width / scale,
    height: outer.height / scale,
  });
}

/** Moves an element into sight when it is outside of it or close to the border. */
export function reveal(viewer, id) {
  const element = viewer.get('elementRegistry').get(id);
  if (!element || element.waypoints) return;
  const canvas = viewer.get('canvas');
  const box = canvas.viewbox();
  const pad = 40;
  const inside =
    element.x - pad > box.x && element.y - pad > box.y && element.x + element.width + pad < box.x + box.width && element.y + element.height + pad < box.y + box.height;
  if (inside) return;
  canvas.viewbox({
    x: element.x + element.width / 2 - box.width / 2,
    y: element.y + element.height / 2 - box.height / 2,
    width: box.width,
    height: box.height,
  });
}

/** Marks elements: {marker: [ids]}; ids that the diagram does not have are passed over. */
export function mark(viewer, marks) {
  const canvas = viewer.get('canvas');
  const registry = viewer.get('elementRegistry');
  for (const [marker, ids] of Object.entries(marks)) {
    for (const id of ids) if (registry.get(id)) canvas.addMarker(id, `mark-${marker}`);
  }
}

export function badge(viewer, id, text, kind) {
  const element = viewer.get('elementRegistry').get(id);
  if (!element || element.waypoints) return;
  viewer.get('overlays').add(id, 'badge', { position: { top: -9, right: 14 }, html: h('span', { class: `diagram-badge badge-${kind}` }, text) });
}
