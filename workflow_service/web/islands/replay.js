// Plays a case back, entry by entry, on the diagrams it ran on.
import './replay.css';
import { detail, entryRow } from './replay_parts.js';
import { createStage } from './replay_stage.js';
import { getJson, h, island, say } from './page.js';

const SPEEDS = [0.5, 1, 2, 4];
const PAUSE = 1400;

island('replay', async (host) => {
  const story = await getJson(host.dataset.steps);
  if (!story.steps.length) {
    host.append(h('p', { class: 'replay-empty' }, say('no_steps')));
    return;
  }
  const player = build(host, story);
  const wanted = Number(new URLSearchParams(location.hash.slice(1)).get('entry'));
  const index = story.steps.findIndex((one) => one.entry === wanted);
  await player.show(index < 0 ? 0 : index);
});

function build(host, story) {
  const last = story.steps.length - 1;
  const state = { index: -1, playing: 0, speed: 1 };
  const side = h('div', { class: 'replay-side' });
  const stageHost = h('div', { class: 'replay-stage' });
  const list = h('ol', { class: 'replay-list', 'aria-label': say('entries') });
  const facts = h('section', { class: 'replay-facts', 'aria-label': say('entry_details') });
  const status = h('p', { class: 'replay-status', role: 'status', 'aria-live': 'polite' });
  const slider = h('input', { type: 'range', min: '0', max: String(last), step: '1', 'aria-label': say('position') });
  const count = h('output', { class: 'replay-count' });
  const play = h('button', { type: 'button', class: 'primary replay-play', onclick: () => toggle() });
  const speed = h(
    'select',
    { 'aria-label': say('speed'), onchange: () => (state.speed = Number(speed.value)) },
    ...SPEEDS.map((one) => h('option', { value: String(one), selected: one === 1 }, `${one}×`)),
  );
  const rows = story.steps.map((step, index) => entryRow(step, () => stop(show(index))));
  list.append(...rows);
  side.append(list, facts);
  host.append(
    h('div', { class: 'replay-grid' }, stageHost, side),
    h(
      'div',
      { class: 'replay-bar', role: 'group', 'aria-label': say('controls') },
      control('|‹', 'first', () => show(0)),
      control('‹', 'previous', () => show(state.index - 1)),
      play,
      control('›', 'next', () => show(state.index + 1)),
      control('›|', 'last', () => show(last)),
      slider,
      count,
      h('label', { class: 'replay-speed' }, say('speed'), ' ', speed),
    ),
    h('p', { class: 'replay-keys' }, say('replay_keys')),
    status,
  );
  const stage = createStage(stageHost, story);
  slider.addEventListener('input', () => stop(show(Number(slider.value))));
  host.addEventListener('keydown', byKey);
  label();

  function control(text, word, act) {
    return h('button', { type: 'button', 'aria-label': say(word), title: say(word), onclick: () => stop(act()) }, text);
  }

  function label() {
    play.textContent = state.playing ? `❚❚ ${say('pause')}` : `▶ ${say('play')}`;
  }

  function stop(result) {
    clearTimeout(state.playing);
    state.playing = 0;
    label();
    return result;
  }

  function toggle() {
    if (state.playing) return stop();
    state.playing = setTimeout(advance, state.index === last ? 0 : PAUSE / state.speed / 2);
    label();
    return undefined;
  }

  async function advance() {
    await show(state.index === last ? 0 : state.index + 1);
    if (!state.playing) return;
    if (state.index === last) stop();
    else state.playing = setTimeout(advance, PAUSE / state.speed);
  }

  function byKey(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.matches('select, textarea, input[type=text]')) return;
    const acts = {
      ArrowLeft: () => show(state.index - 1),
      ArrowRight: () => show(state.index + 1),
      Home: () => show(0),
      End: () => show(last),
    };
    if (event.key === ' ' && !event.target.closest('button')) toggle();
    else if (acts[event.key] && event.target !== slider) stop(acts[event.key]());
    else return;
    event.preventDefault();
  }

  async function show(wanted) {
    const index = Math.max(0, Math.min(last, wanted));
    if (index === state.index) return;
    const step = story.steps[index];
    const forward = index === state.index + 1;
    rows[state.index]?.removeAttribute('aria-current');
    state.index = index;
    rows[index].setAttribute('aria-current', 'step');
    scrollWithin(list, rows[index]);
    slider.value = String(index);
    const spoken = say('spoken_step', { n: index + 1, of: last + 1, what: step.what, who: step.who, at: step.at_text });
    slider.setAttribute('aria-valuetext', spoken);
    count.textContent = `${index + 1} / ${last + 1}`;
    status.textContent = spoken;
    facts.replaceChildren(detail(step));
    history.replaceState(null, '', `#entry=${step.entry}`);
    host.setAttribute('data-entry', String(step.entry));
    await stage.show(index, forward);
  }

  return { show };
}

function scrollWithin(list, row) {
  const top = row.offsetTop - list.offsetTop;
  if (top < list.scrollTop || top + row.offsetHeight > list.scrollTop + list.clientHeight) list.scrollTop = top - list.clientHeight / 3;
}
