// The editors' own texts in Chinese; what has no translation is collected, so that a test can find it.
import { ZH } from './zh.js';

const chinese = !document.documentElement.lang.startsWith('en');
const missing = new Set();

function translate(template, values = {}) {
  const text = chinese ? (ZH[template] ?? template) : template;
  if (chinese && !(template in ZH) && /[A-Za-z]{2}/.test(template)) {
    missing.add(template);
    document.documentElement.dataset.untranslated = JSON.stringify([...missing]);
  }
  return text.replace(/\{\s*(\w+)\s*\}/g, (_, name) => values[name] ?? `{${name}}`);
}

export const translation = { translate: ['value', translate] };
