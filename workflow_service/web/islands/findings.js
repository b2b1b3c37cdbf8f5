// The list of findings beside an editor: each one leads to its element, its text says what is wrong and what to do.
import { either, h, say, send } from './page.js';

export function createFindings(host, open) {
  const summary = h('p', { class: 'findings-summary', role: 'status' });
  const list = h('ol', { class: 'findings-list' });
  let asked = 0;
  host.append(h('h2', {}, say('findings')), summary, list);

  function line(one, file) {
    const place = [one.file !== file ? one.file : '', one.element, one.line ? say('line', { line: one.line }) : ''].filter(Boolean).join(' · ');
    const text = [
      h('span', { class: `finding-tag tag-${one.severity}` }, say(`severity_${one.severity}`), ' ', one.rule),
      h('span', { class: 'finding-text' }, either(one.message, one.message_en)),
      h('span', { class: 'finding-place' }, place),
      h('span', { class: 'finding-fix' }, either(one.fix, one.fix_en)),
    ];
    const here = one.file === file && one.element;
    return h('li', {}, here ? h('button', { type: 'button', onclick: () => open(one) }, ...text) : h('div', {}, ...text));
  }

  /** Says that a check is under way; gives a function that tells whether it is still the latest one. */
  function busy() {
    asked += 1;
    const mine = asked;
    summary.textContent = say('checking');
    delete summary.dataset.state;
    return () => mine === asked;
  }

  function show(findings, file) {
    const sorted = [...findings].sort((one, other) => (other.file === file) - (one.file === file));
    const errors = findings.filter((one) => one.severity === 'error').length;
    summary.textContent = findings.length ? say('found', { errors, warnings: findings.length - errors }) : say('found_nothing');
    summary.dataset.state = errors ? 'error' : findings.length ? 'warning' : 'good';
    list.replaceChildren(...sorted.map((one) => line(one, file)));
  }

  return {
    /** Has the server look at what stands in an editor, and shows what it finds; ``then`` gets the findings too. */
    async judge(editor, source, type, then = () => {}) {
      if (!editor.dataset.check) return;
      const current = busy();
      try {
        const { findings = [] } = await send('POST', editor.dataset.check, await source(), type);
        if (!current()) return;
        show(findings, editor.dataset.name);
        then(findings);
        editor.setAttribute('data-checked', String(findings.length));
      } catch (problem) {
        if (current()) summary.textContent = `${say('check_failed')} ${problem.message}`;
      }
    },
  };
}
