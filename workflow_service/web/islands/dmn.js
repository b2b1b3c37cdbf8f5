// Edits a decision: table or expression, findings from the server, trying it out, saving.
import 'dmn-js/dist/assets/diagram-js.css';
import 'dmn-js/dist/assets/dmn-js-shared.css';
import 'dmn-js/dist/assets/dmn-js-drd.css';
import 'dmn-js/dist/assets/dmn-js-decision-table.css';
import 'dmn-js/dist/assets/dmn-js-decision-table-controls.css';
import 'dmn-js/dist/assets/dmn-js-literal-expression.css';
import 'dmn-js/dist/assets/dmn-js-boxed-expression.css';
import 'dmn-js/dist/assets/dmn-js-boxed-expression-controls.css';
import 'dmn-js/dist/assets/dmn-font/css/dmn.css';
import './canvas.css';
import './modeler.css';
import './dmn.css';
import Modeler from 'dmn-js/lib/Modeler';
import { kept, shown } from './annotations.js';
import { createFindings } from './findings.js';
import { debounce, getText, h, island, say } from './page.js';
import { createSaving } from './saving.js';
import { translation } from './translate.js';
import { createTrial } from './trial.js';

const XML = 'application/xml; charset=utf-8';
/** the heading of the column that names the article a rule rests on; the engine knows it by this name */
const ARTICLE = '依据';
const VIEWS = ['drd', 'decisionTable', 'literalExpression', 'boxedExpression'];

island('dmn', async (host) => {
  const canvas = h('div', { class: 'dmn-canvas', role: 'region', 'aria-label': say('table') });
  const tabs = h('div', { class: 'dmn-tabs', role: 'group', 'aria-label': say('views') });
  const side = h('div', { class: 'editor-side' });
  const findingsHost = h('section', { class: 'modeler-findings', 'aria-label': say('findings') });
  const bar = h('div', { class: 'editor-bar', role: 'toolbar', 'aria-label': say('controls') });
  host.append(bar, tabs, h('div', { class: 'dmn-grid' }, canvas, side));
  const settings = Object.fromEntries(VIEWS.map((view) => [view, { additionalModules: [translation] }]));
  const modeler = new Modeler({ container: canvas, ...settings });
  await modeler.importXML(shown(await getText(host.dataset.diagram)));
  const table = modeler.getViews().find((view) => view.type === 'decisionTable');
  if (table) await modeler.open(table);

  const source = async () => kept((await modeler.saveXML({ format: true })).xml, ARTICLE);
  const saving = createSaving(host, source, XML);
  const findings = createFindings(findingsHost, (one) => choose(one.element));
  const check = debounce(judge, 700);
  if (host.dataset.try) side.append(createTrial(host, modeler, source));
  side.append(findingsHost);
  bar.append(
    saving.button,
    tool('undo', () => modeler.getActiveViewer().get('commandStack').undo()),
    tool('redo', () => modeler.getActiveViewer().get('commandStack').redo()),
    host.dataset.check ? tool('check_now', () => judge()) : '',
    saving.note,
  );
  modeler.on('views.changed', ({ views, activeView }) => draw(views, activeView));
  draw(modeler.getViews(), modeler.getActiveView());
  if (host.dataset.check) await judge();
  canvas.addEventListener('mousedown', keepFocus, { capture: true });

  function draw(views, active) {
    const name = (view) => (view.type === 'drd' ? say('overview') : view.element.name || view.element.id);
    tabs.replaceChildren(...views.map((view) => h('button', { type: 'button', 'aria-pressed': String(view.element === active?.element), onclick: () => modeler.open(view) }, name(view))));
    listen(modeler.getActiveViewer());
  }

  function listen(viewer) {
    if (!viewer || viewer.listened) return;
    viewer.listened = true;
    viewer.on('commandStack.changed', () => {
      saving.changed();
      check();
    });
  }

  async function judge() {
    await findings.judge(host, source, XML);
  }

  /** Shows the decision that holds an element, and puts whoever is looking for it into its cell. */
  async function choose(id) {
    const view = modeler.getViews().find((one) => parts(one.element).some((part) => part?.id === id));
    if (view && view.element !== modeler.getActiveView()?.element) await modeler.open(view);
    const cell = canvas.querySelector(`[data-element-id="${CSS.escape(id)}"]`);
    cell?.scrollIntoView({ block: 'center', inline: 'center' });
    (cell?.querySelector('[contenteditable]') ?? cell)?.focus();
  }

  function tool(word, act) {
    return h('button', { type: 'button', onclick: act }, say(word));
  }
});

/**
 * The page's main part takes the focus of a click on what takes none itself. Beside the text of a cell that would end the
 * writing, and a list of choices would close before the click on one of them arrives.
 */
function keepFocus(event) {
  const writing = document.activeElement;
  const beside = event.target.closest('td')?.contains(writing) && !writing.contains(event.target);
  if (beside || event.target.closest('.dms-select-options')) event.preventDefault();
}

/** A decision and what of its table can be pointed at. */
function parts(decision) {
  const { input = [], output = [], rule = [], ...table } = decision.decisionLogic ?? {};
  return [decision, table, ...input, ...output, ...rule, ...rule.flatMap((one) => [...(one.inputEntry ?? []), ...(one.outputEntry ?? [])])];
}
