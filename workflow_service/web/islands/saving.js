// Saves a draft's file (Ctrl+S as well), knows whether something is unsaved, and tells when somebody else saved meanwhile.
import { h, say, send } from './page.js';

const REFUSED = { 401: 'signed_out', 409: 'conflict', 412: 'conflict' };

export function createSaving(host, source, type) {
  const state = { dirty: false, version: host.dataset.version ?? '', saving: false };
  const note = h('span', { class: 'saving-note', role: 'status' });
  const button = h('button', { type: 'button', class: 'primary', disabled: true, onclick: () => save() }, say('save'));

  document.addEventListener('keydown', (event) => {
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === 's') {
      event.preventDefault();
      save();
    }
  });
  addEventListener('beforeunload', (event) => {
    if (state.dirty) event.preventDefault();
  });

  function changed() {
    state.dirty = true;
    button.disabled = false;
    note.textContent = say('unsaved');
    note.removeAttribute('data-state');
    host.setAttribute('data-dirty', 'true');
  }

  async function save() {
    if (!state.dirty || state.saving || !host.dataset.save) return;
    state.saving = true;
    note.textContent = say('saving');
    note.removeAttribute('data-state');
    try {
      const headers = state.version ? { 'If-Match': `"${state.version}"` } : {};
      state.dirty = false;
      const answer = await send('PUT', host.dataset.save, await source(), type, headers);
      if (!answer.hash && answer.findings) throw new Error(answer.findings[0]?.message ?? '');
      state.version = answer.version ?? answer.hash ?? state.version;
      button.disabled = !state.dirty;
      note.textContent = say('saved');
      host.removeAttribute('data-dirty');
    } catch (problem) {
      state.dirty = true;
      note.textContent = REFUSED[problem.status] ? say(REFUSED[problem.status]) : `${say('not_saved')} ${problem.message}`;
      note.setAttribute('data-state', 'error');
      if (REFUSED[problem.status] === 'conflict') await overtaken();
    } finally {
      state.saving = false;
    }
  }

  /** Leads to what somebody else saved; saving again then counts, unless yet another change comes between. */
  async function overtaken() {
    note.append(' ', h('a', { href: location.pathname, target: '_blank' }, say('conflict_open')));
    const stored = await fetch(host.dataset.diagram, { credentials: 'same-origin' });
    state.version = stored.headers.get('X-Bundle-Hash') ?? state.version;
  }

  return { button, note, changed, save };
}
