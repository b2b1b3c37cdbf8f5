// Edits a diagram: palette, properties panel, findings from the server, saving.
import './modeler.css';
import Modeler from 'bpmn-js/lib/Modeler';
import { fit } from './canvas.js';
import { createFindings } from './findings.js';
import { keepReferences } from './model.js';
import { debounce, getJson, getText, h, island, say } from './page.js';
import { createPanel } from './panel.js';
import { placing } from './placing.js';
import { routing } from './routing.js';
import { createSaving } from './saving.js';
import spiff from './spiff.json';
import { supportedOnly } from './supported.js';
import { translation } from './translate.js';

/** pixels that the palette covers on the left */
const PALETTE = 76;
const XML = 'application/xml; charset=utf-8';

island('modeler', async (host) => {
  const [xml, catalog] = await Promise.all([getText(host.dataset.diagram), host.dataset.catalog ? getJson(host.dataset.catalog) : {}]);
  const canvas = h('div', { class: 'modeler-canvas', role: 'region', 'aria-label': say('diagram') });
  const panelHost = h('section', { class: 'modeler-panel', 'aria-label': say('properties') });
  const findingsHost = h('section', { class: 'modeler-findings', 'aria-label': say('findings') });
  const bar = h('div', { class: 'editor-bar', role: 'toolbar', 'aria-label': say('controls') });
  host.append(bar, h('div', { class: 'modeler-grid' }, canvas, h('div', { class: 'modeler-side' }, panelHost, findingsHost)));
  const modeler = new Modeler({ container: canvas, moddleExtensions: { spiffworkflow: spiff }, additionalModules: [translation, supportedOnly, routing, placing] });
  keepReferences(modeler);
  await modeler.importXML(xml);
  fit(modeler, PALETTE);

  const source = async () => (await modeler.saveXML({ format: true })).xml;
  const saving = createSaving(host, source, XML);
  const panel = createPanel(panelHost, modeler, catalog);
  const findings = createFindings(findingsHost, (one) => choose(one.element));
  const check = debounce(judge, 700);
  panel.show(modeler.get('canvas').getRootElement());

  modeler.on('selection.changed', ({ newSelection }) => panel.show(newSelection.length === 1 ? newSelection[0] : modeler.get('canvas').getRootElement()));
  modeler.on('elements.changed', ({ elements }) => panel.refresh(elements));
  modeler.on('commandStack.changed', () => {
    saving.changed();
    check();
  });
  bar.append(
    saving.button,
    tool('undo', () => modeler.get('commandStack').undo()),
    tool('redo', () => modeler.get('commandStack').redo()),
    tool('zoom_fit', () => fit(modeler, PALETTE)),
    host.dataset.check ? tool('check_now', () => judge()) : '',
    saving.note,
  );
  if (host.dataset.check) await judge();
  const wanted = new URLSearchParams(location.hash.slice(1)).get('element');
  if (wanted) choose(wanted);

  async function judge() {
    await findings.judge(host, source, XML, (found) => decorate(modeler, found.filter((one) => one.file === host.dataset.name)));
  }

  function choose(id) {
    const element = modeler.get('elementRegistry').get(id);
    if (!element) return;
    modeler.get('canvas').scrollToElement(element);
    modeler.get('selection').select(element);
  }

  function tool(word, act) {
    return h('button', { type: 'button', onclick: act }, say(word));
  }
});

/** A badge with the number of findings on each element that has some. */
function decorate(modeler, findings) {
  const overlays = modeler.get('overlays');
  overlays.remove({ type: 'finding' });
  const byElement = Map.groupBy ? Map.groupBy(findings, (one) => one.element) : new Map(findings.map((one) => [one.element, [one]]));
  for (const [id, found] of byElement) {
    const element = modeler.get('elementRegistry').get(id);
    if (!element || element.waypoints || !element.parent) continue;
    const severity = found.some((one) => one.severity === 'error') ? 'error' : 'warning';
    const html = h('span', { class: `diagram-badge badge-${severity}`, title: found.map((one) => one.message).join('\n') }, `! ${found.length}`);
    overlays.add(id, 'finding', { position: { top: -9, left: -6 }, html });
  }
}
