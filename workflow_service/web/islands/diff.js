// Two versions of a diagram side by side, with what was added, removed, changed or moved; both move together.
import './diff.css';
import { badge, fit, frame, mark } from './canvas.js';
import { getJson, getText, h, island, say } from './page.js';

const SIDES = { before: ['removed', 'changed', 'moved'], after: ['added', 'changed', 'moved'] };

island('diff', async (host) => {
  const inline = host.dataset.marks?.trim();
  const changes = inline ? JSON.parse(inline) : await getJson(host.dataset.changes);
  const viewers = {};
  const grid = h('div', { class: 'diff-grid' });
  host.append(grid);
  for (const side of Object.keys(SIDES)) {
    const label = host.dataset[`${side}Label`] || say(side);
    const place = h('div', { class: 'diff-side' });
    grid.append(h('figure', {}, h('figcaption', {}, label), place));
    viewers[side] = frame(place, label);
    if (host.dataset[side]) await viewers[side].importXML(await getText(host.dataset[side]));
    fit(viewers[side], 0, 0.3);
    const kinds = SIDES[side];
    mark(viewers[side], Object.fromEntries(kinds.map((kind) => [kind, changes[kind] ?? []])));
    for (const kind of kinds) for (const id of changes[kind] ?? []) badge(viewers[side], id, say(`change_${kind}`), kind);
  }
  together(viewers.before, viewers.after);
  host.append(h('ul', { class: 'diagram-legend' }, ...['added', 'removed', 'changed', 'moved'].map((kind) => h('li', { class: `legend-${kind}` }, `${say(`change_${kind}`)} ${changes[kind]?.length ?? 0}`))));
});

function together(one, other) {
  let following = false;
  const follow = (from, to) =>
    from.on('canvas.viewbox.changed', ({ viewbox }) => {
      if (following) return;
      following = true;
      to.get('canvas').viewbox({ x: viewbox.x, y: viewbox.y, width: viewbox.width, height: viewbox.height });
      following = false;
    });
  follow(one, other);
  follow(other, one);
}
