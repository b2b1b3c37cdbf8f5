// A diagram in the page's language: for English readers its names are replaced before it is drawn.
import { either } from './page.js';

/** In the diagram's own units: how wide a label may become, how high a line is, how wide a letter, how much is left free. */
const WIDE = 88;
const LINE = 14;
const LETTER = 6.2;
const MARGIN = 8;

/**
 * The diagram with the names in the page's language; the labels, drawn for Chinese, get room for whole words.
 * The pool bears its process's name, lanes are called by what `lanes` says of their Chinese names.
 */
export function inLanguage(xml, lanes = {}) {
  if (!either(false, true)) return xml;
  const drawn = new DOMParser().parseFromString(xml, 'text/xml');
  const shapes = new Map([...drawn.querySelectorAll('BPMNShape, BPMNEdge')].map((one) => [one.getAttribute('bpmnElement'), one]));
  for (const property of drawn.querySelectorAll('property[name="name_en"]')) {
    const named = property.closest('extensionElements')?.parentElement;
    if (!named?.hasAttribute('name')) continue;
    named.setAttribute('name', property.getAttribute('value'));
    const shape = shapes.get(named.id);
    const room = shape?.querySelector('BPMNLabel > Bounds');
    if (room) place(room, beside(shape, box(room)), needed(property.getAttribute('value')));
  }
  for (const pool of drawn.querySelectorAll('participant')) {
    const process = drawn.getElementById(pool.getAttribute('processRef'));
    if (process?.hasAttribute('name')) pool.setAttribute('name', process.getAttribute('name'));
  }
  for (const lane of drawn.querySelectorAll('lane')) lane.setAttribute('name', lanes[lane.getAttribute('name')] ?? lane.getAttribute('name') ?? '');
  return new XMLSerializer().serializeToString(drawn);
}

/** How wide and high a text becomes when it is broken between words. */
function needed(text) {
  const lines = [''];
  for (const word of text.split(' ')) {
    const longer = `${lines.at(-1)} ${word}`.trim();
    if (longer.length * LETTER + MARGIN <= WIDE) lines[lines.length - 1] = longer;
    else lines.push(word);
  }
  return { width: Math.max(...lines.map((one) => one.length)) * LETTER + MARGIN, height: lines.length * LINE };
}

/** What a label must not grow into: the box of its node, or the nearest upright part of its flow and the flow's beginning. */
function beside(shape, label) {
  const own = [...shape.children].find((one) => one.localName === 'Bounds');
  if (own) return box(own);
  const points = [...shape.children].filter((one) => one.localName === 'waypoint').map((one) => ({ x: Number(one.getAttribute('x')), y: Number(one.getAttribute('y')) }));
  const middle = label.x + label.width / 2;
  const upright = points
    .slice(1)
    .map((end, n) => [points[n], end])
    .filter(([begin, end]) => begin.x === end.x && Math.min(begin.y, end.y) < label.y + LINE && Math.max(begin.y, end.y) > label.y)
    .map(([begin]) => begin.x)
    .sort((one, other) => Math.abs(one - middle) - Math.abs(other - middle))[0];
  const x = upright ?? label.x;
  return { x, y: points[0].y, width: 0, height: 0 };
}

/** Gives a label its new size, and lets it grow away from what it stands beside. */
function place(room, other, size) {
  const label = box(room);
  const grown = size.width - label.width;
  if (grown > 0) {
    const middle = other.x + other.width / 2;
    const share = label.x >= middle - 1 ? 0 : label.x + label.width <= middle + 1 ? 1 : 0.5;
    room.setAttribute('x', label.x - grown * share);
    room.setAttribute('width', size.width);
  }
  if (label.y + label.height <= other.y + 2) room.setAttribute('y', label.y + label.height - size.height);
  room.setAttribute('height', size.height);
}

function box(bounds) {
  const [x, y, width, height] = ['x', 'y', 'width', 'height'].map((one) => Number(bounds.getAttribute(one)));
  return { x, y, width, height };
}
