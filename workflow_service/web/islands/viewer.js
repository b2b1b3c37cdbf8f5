// Shows a diagram with the steps that are done, current or in trouble.
import './viewer.css';
import { badge, fit, frame, mark, reveal } from './canvas.js';
import { either, getText, h, island, say } from './page.js';

const KINDS = ['current', 'done', 'bad'];

island('viewer', async (host) => {
  const marks = JSON.parse(host.dataset.marks || '{}');
  const viewer = frame(host, host.dataset.label || say('diagram'));
  await viewer.importXML(inLanguage(await getText(host.dataset.diagram)));
  fit(viewer);
  mark(viewer, Object.fromEntries(KINDS.map((kind) => [kind, marks[kind] ?? []])));
  for (const id of marks.current ?? []) badge(viewer, id, say('mark_current'), 'current');
  for (const id of marks.bad ?? []) badge(viewer, id, '!', 'bad');
  if (marks.current?.length === 1) reveal(viewer, marks.current[0]);
  const shown = KINDS.filter((kind) => marks[kind]?.length);
  if (shown.length) host.append(h('ul', { class: 'diagram-legend' }, ...shown.map((kind) => h('li', { class: `legend-${kind}` }, say(`mark_${kind}`)))));
});

const WIDE = 76;

/** The diagram with the names of its nodes in the page's language; the labels, drawn for Chinese, get room for whole words. */
function inLanguage(xml) {
  if (!either(false, true)) return xml;
  const drawn = new DOMParser().parseFromString(xml, 'text/xml');
  for (const property of drawn.querySelectorAll('property[name="name_en"]')) {
    const node = property.closest('extensionElements')?.parentElement;
    if (!node?.hasAttribute('name')) continue;
    node.setAttribute('name', property.getAttribute('value'));
    const room = drawn.querySelector(`[bpmnElement="${node.id}"] > BPMNLabel > Bounds`);
    const missing = room ? WIDE - Number(room.getAttribute('width')) : 0;
    if (missing <= 0) continue;
    room.setAttribute('x', Number(room.getAttribute('x')) - missing / 2);
    room.setAttribute('width', WIDE);
  }
  return new XMLSerializer().serializeToString(drawn);
}
