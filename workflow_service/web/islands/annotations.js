// The table editor shows a rule's description beside it; our tables keep the article there, as the rule's annotation.

const named = (node, name) => [...node.children].filter((one) => one.localName === name);
const parsed = (xml) => new DOMParser().parseFromString(xml, 'application/xml');

function written(document, xml) {
  const declaration = xml.match(/^\s*<\?xml[^>]*\?>\s*/)?.[0] ?? '';
  return declaration + new XMLSerializer().serializeToString(document.documentElement);
}

function made(node, name) {
  return node.ownerDocument.createElementNS(node.namespaceURI, node.prefix ? `${node.prefix}:${name}` : name);
}

function noteOf(rule) {
  return named(rule, 'annotationEntry')[0]?.textContent.trim() ?? '';
}

/** A table as the editor takes it: each rule's first annotation is its description as well. */
export function shown(xml) {
  const document = parsed(xml);
  for (const rule of document.getElementsByTagNameNS('*', 'rule')) {
    const note = noteOf(rule);
    if (!note) continue;
    for (const old of named(rule, 'description')) old.remove();
    const description = made(rule, 'description');
    description.textContent = note;
    rule.prepend(description);
  }
  return document.querySelector('parsererror') ? xml : written(document, xml);
}

/** A table as it is kept: what stands beside a rule is its first annotation, under the heading of the column. */
export function kept(xml, heading) {
  const document = parsed(xml);
  for (const rule of document.getElementsByTagNameNS('*', 'rule')) {
    const descriptions = named(rule, 'description');
    const note = descriptions[0]?.textContent.trim() ?? '';
    for (const old of descriptions) old.remove();
    if (note !== noteOf(rule)) annotate(rule, note);
    if (note) head(rule.parentElement, heading);
  }
  return written(document, xml);
}

function annotate(rule, note) {
  const entry = named(rule, 'annotationEntry')[0] ?? rule.appendChild(made(rule, 'annotationEntry'));
  const text = named(entry, 'text')[0] ?? entry.appendChild(made(entry, 'text'));
  text.textContent = note;
}

function head(table, heading) {
  if (named(table, 'annotation').length) return;
  const clause = made(table, 'annotation');
  clause.setAttribute('name', heading);
  named(table, 'output').at(-1).after(clause);
}
