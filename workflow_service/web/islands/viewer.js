// Shows a diagram with the steps that are done, current or in trouble.
import './viewer.css';
import { badge, fit, frame, mark, reveal } from './canvas.js';
import { inLanguage } from './in_language.js';
import { getText, h, island, say } from './page.js';

const KINDS = ['current', 'done', 'bad'];

island('viewer', async (host) => {
  const marks = JSON.parse(host.dataset.marks || '{}');
  const viewer = frame(host, host.dataset.label || say('diagram'));
  await viewer.importXML(inLanguage(await getText(host.dataset.diagram), JSON.parse(host.dataset.lanes || '{}')));
  fit(viewer);
  mark(viewer, Object.fromEntries(KINDS.map((kind) => [kind, marks[kind] ?? []])));
  for (const id of marks.current ?? []) badge(viewer, id, say('mark_current'), 'current');
  for (const id of marks.bad ?? []) badge(viewer, id, '!', 'bad');
  if (marks.current?.length === 1) reveal(viewer, marks.current[0]);
  const shown = KINDS.filter((kind) => marks[kind]?.length);
  if (shown.length) host.append(h('ul', { class: 'diagram-legend' }, ...shown.map((kind) => h('li', { class: `legend-${kind}` }, say(`mark_${kind}`)))));
});
