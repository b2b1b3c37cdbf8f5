// Small helps of every page: dialogs, confirmations, no double submission, menus that close. Pages work without them.
const dialogs = () => {
  // a form that was refused comes back open
  for (const one of document.querySelectorAll("dialog[open]")) {
    one.close();
    one.showModal();
  }
  document.addEventListener("click", (event) => {
    const opener = event.target.closest("[data-opens]");
    if (opener) document.getElementById(opener.dataset.opens)?.showModal();
    if (event.target.closest("[data-closes]")) event.target.closest("dialog")?.close();
    if (event.target instanceof HTMLDialogElement) event.target.close();
    for (const menu of document.querySelectorAll("details.me[open]")) if (!menu.contains(event.target)) menu.open = false;
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    for (const menu of document.querySelectorAll("details.me[open]")) {
      // who was within it would stand nowhere
      if (menu.contains(document.activeElement)) menu.querySelector("summary").focus();
      menu.open = false;
    }
  });
};

const english = document.documentElement.lang.startsWith("en");

const confirmed = (form) => {
  const dialog = document.createElement("dialog");
  const text = document.createElement("p");
  text.textContent = form.dataset.confirm;
  const end = document.createElement("div");
  end.className = "dialog-end";
  const yes = document.createElement("button");
  const no = document.createElement("button");
  [yes.textContent, no.textContent] = english ? ["OK", "Cancel"] : ["确定", "取消"];
  yes.className = "button primary";
  no.className = "button quiet";
  end.append(yes, no);
  dialog.append(text, end);
  document.body.append(dialog);
  const close = () => dialog.remove();
  no.addEventListener("click", close);
  dialog.addEventListener("close", close);
  yes.addEventListener("click", () => {
    delete form.dataset.confirm;
    form.requestSubmit();
    close();
  });
  dialog.showModal();
};

const submissions = () => {
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.dataset.confirm) {
      event.preventDefault();
      confirmed(form);
      return;
    }
    if (form.method !== "post") return;
    if (form.dataset.sent) event.preventDefault();
    form.dataset.sent = "yes";
    setTimeout(() => delete form.dataset.sent, 5000);
  });
  window.addEventListener("pageshow", () => {
    for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
  });
};

// a file of a bundle is long work: whoever leaves it unsaved is asked first
const writings = () => {
  for (const form of document.querySelectorAll("form[data-writing]")) {
    let typed = false;
    form.addEventListener("input", () => { typed = true; });
    form.addEventListener("submit", () => { typed = false; });
    window.addEventListener("beforeunload", (event) => { if (typed) event.preventDefault(); });
  }
};

const selects = () => {
  for (const select of document.querySelectorAll("[data-submits] select"))
    select.addEventListener("change", () => select.form.requestSubmit());
};

const chosenTabs = () => {
  for (const tab of document.querySelectorAll(".tabs [aria-current]")) tab.parentElement.scrollLeft = tab.offsetLeft - tab.parentElement.offsetLeft - 40;
};

const WRITES = "input, select, textarea, [contenteditable], [data-island]";
const PATIENCE = 1500; // milliseconds between the two keys of a way

/** Keys for those who do without the mouse: they are silent while somebody writes, and can be switched off. */
const shortcuts = () => {
  const help = document.getElementById("shortcuts");
  if (!help) return;
  const box = help.querySelector("input");
  box.checked = kept("shortcuts") !== "off";
  box.addEventListener("change", () => keep("shortcuts", box.checked ? "on" : "off"));
  let begun = -PATIENCE;
  document.addEventListener("keydown", (event) => {
    const busy = event.defaultPrevented || event.isComposing || event.repeat || event.ctrlKey || event.metaKey || event.altKey;
    if (busy || !box.checked || event.target.closest?.(WRITES) || document.querySelector("dialog[open]")) return;
    const way = event.timeStamp - begun < PATIENCE ? help.querySelector(`a[data-key="${CSS.escape(event.key)}"]`) : null;
    begun = event.key === "g" ? event.timeStamp : -PATIENCE;
    const search = event.key === "/" ? document.querySelector('main input[type="search"]') : null;
    if (way) way.click();
    else if (event.key === "?") help.showModal();
    else search?.select();
    if (way || search || event.key === "?") event.preventDefault();
    search?.focus();
  });
};

/** What this browser remembers; some keep nothing. */
const kept = (name) => {
  try {
    return localStorage.getItem(name);
  } catch {
    return null;
  }
};

const keep = (name, value) => {
  try {
    localStorage.setItem(name, value);
  } catch {
    // it holds for this page only
  }
};

/** Plays one story after the other and shows how each went; without scripts each has its own button. */
const stories = () => {
  const all = document.querySelector("[data-plays]");
  if (!all) return;
  const place = () => document.getElementById(all.dataset.plays);
  all.hidden = false;
  all.addEventListener("click", async () => {
    all.disabled = true;
    const names = [...place().querySelectorAll("[data-plays-one] [name=name]")].map((one) => one.value);
    for (const [done, name] of names.entries()) {
      const bar = place().querySelector("progress");
      Object.assign(bar, { hidden: false, className: "", value: done, max: names.length });
      const form = [...place().querySelectorAll("[data-plays-one]")].find((one) => one.elements.name.value === name);
      form.closest("tr").setAttribute("aria-busy", "true");
      const answer = await fetch(location.pathname, { method: "POST", body: new FormData(form), credentials: "same-origin" });
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const now = page.getElementById(all.dataset.plays);
      // what could not be played says why on a page of its own
      if (!answer.ok || !now) return form.requestSubmit();
      place().replaceWith(document.adoptNode(now));
    }
    all.disabled = false;
  });
};

dialogs();
chosenTabs();
stories();
shortcuts();
submissions();
writings();
selects();
