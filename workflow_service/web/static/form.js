// What a page does for a form beyond plain HTML: conditions, rows, counters, files, drafts. Everything works without it
// except adding rows.
(() => {
  "use strict";
  const english = document.documentElement.lang.startsWith("en");
  const say = (zh, en) => (english ? en : zh);
  const DRAFT_AFTER = 4000;

  const focusSummary = () => document.querySelector("[data-focus]")?.focus();

  const followSummary = (event) => {
    const link = event.target.closest(".error-summary a");
    const target = link && document.getElementById(link.hash.slice(1));
    if (!target) return;
    event.preventDefault();
    const within = "input:not([type=hidden]), select, textarea, button";
    const control = target.matches(within) ? target : target.querySelector(within);
    target.scrollIntoView({ block: "center" });
    (control ?? target).focus({ preventScroll: true });
  };

  // --- conditions -------------------------------------------------------------------------------------------------

  const named = (form, name) => [...form.elements].filter((one) => one.name === name && !one.closest("template"));

  const valueOf = (form, name) => {
    const inputs = named(form, name);
    if (!inputs.length) return undefined;
    if (inputs.every((one) => one.disabled)) return ""; // what does not apply has no answer
    const chosen = inputs.filter((one) => (one.type === "radio" || one.type === "checkbox" ? one.checked : true));
    const texts = chosen.map((one) => one.value).filter((text) => text !== "");
    if (inputs.every((one) => one.type === "checkbox") && inputs.length > 1) return texts;
    if (inputs.length === 1 && inputs[0].type === "checkbox" && inputs[0].value === "true") return inputs[0].checked ? "true" : "false";
    return texts[0] ?? "";
  };

  // The answer beside a field, else that of the row around it, and so on outwards.
  const nearest = (form, spot, name) => {
    for (let at = spot.lastIndexOf("."); at > 0; at = spot.lastIndexOf(".", at - 1)) {
      const found = valueOf(form, spot.slice(0, at + 1) + name);
      if (found !== undefined) return found;
    }
    return valueOf(form, name);
  };

  const holds = (form, spot, test) => {
    if (test.any) return test.any.some((one) => holds(form, spot, one));
    if (test.all) return test.all.every((one) => holds(form, spot, one));
    const value = nearest(form, spot, test.field);
    const wanted = Array.isArray(test.value) ? test.value : String(test.value);
    if (test.op === "contains") return Array.isArray(value) ? value.includes(wanted) : value === wanted;
    if (test.op === "in") return wanted.includes(value);
    return (value === wanted) === (test.op === "=");
  };

  const judge = (form) => {
    // a field that goes may take others with it, and what lies in a hidden block stays disabled when it would itself be shown
    for (let turn = 0, again = true; again && turn < 9; turn += 1) {
      again = false;
      for (const block of form.querySelectorAll("[data-show]")) {
        const shown = holds(form, block.dataset.path ?? "", JSON.parse(block.dataset.show));
        if (block.hidden === !shown) continue;
        block.hidden = !shown;
        again = true;
        for (const input of block.querySelectorAll("input, select, textarea")) input.disabled = input.closest("[data-show][hidden]") !== null;
      }
    }
    for (const block of form.querySelectorAll("[data-required]")) {
      const must = block.querySelector("[data-must]");
      if (must) must.hidden = !holds(form, block.dataset.path ?? "", JSON.parse(block.dataset.required));
    }
  };

  // --- rows -------------------------------------------------------------------------------------------------------

  const limit = (rows) => {
    const list = rows.querySelector("[data-row-list]");
    rows.querySelector(":scope > [data-row-add]").hidden = list.children.length >= Number(rows.dataset.most);
    for (const button of list.querySelectorAll("[data-row-remove]")) button.hidden = false;
  };

  // Each name holds one mark for every row around it: the outermost is this row's, the others are for rows within it.
  const number = (root, row) => {
    for (const one of root.querySelectorAll("*")) {
      for (const attribute of [...one.attributes]) {
        if (attribute.value.includes("__ROW__")) one.setAttribute(attribute.name, attribute.value.split(" ").map((part) => part.replace("__ROW__", row)).join(" "));
      }
      if (one.localName === "template") number(one.content, row);
    }
  };

  const addRow = (form, rows) => {
    const row = rows.dataset.rows;
    rows.dataset.rows = String(Number(row) + 1);
    const fresh = rows.querySelector(":scope > template").content.cloneNode(true);
    number(fresh, row);
    const list = rows.querySelector("[data-row-list]");
    list.append(fresh);
    limit(rows);
    for (const inner of list.lastElementChild.querySelectorAll("[data-rows]")) limit(inner);
    prepare(list.lastElementChild);
    judge(form);
    list.lastElementChild.querySelector("input:not([type=hidden]), select, textarea")?.focus();
  };

  const removeRow = (form, button) => {
    const rows = button.closest("[data-rows]");
    const row = button.closest("[data-row]");
    const next = row.nextElementSibling ?? row.previousElementSibling;
    row.remove();
    limit(rows);
    (next?.querySelector("[data-row-remove]") ?? rows.querySelector(":scope > [data-row-add]")).focus();
    changed(form);
  };

  // --- counters ---------------------------------------------------------------------------------------------------

  const count = (area) => {
    const most = area.maxLength;
    const left = most - area.value.length;
    const told = area.nextElementSibling;
    told.textContent = left < most / 5 ? say(`还可写 ${left} 字`, `${left} characters left`) : say(`${area.value.length} 字`, `${area.value.length} characters`);
    told.classList.toggle("near", left < most / 20);
  };

  const prepare = (root) => {
    for (const area of root.querySelectorAll("textarea[data-count]")) {
      if (area.nextElementSibling?.classList.contains("counter")) continue;
      const told = document.createElement("span");
      told.className = "counter";
      area.after(told);
      count(area);
    }
  };

  // --- files ------------------------------------------------------------------------------------------------------

  const kept = (box, file, answer) => {
    const list = box.querySelector("ul");
    if (!("many" in box.dataset)) list.replaceChildren();
    const item = document.createElement("li");
    const input = Object.assign(document.createElement("input"), { type: "hidden", name: box.dataset.files, value: answer.id });
    const name = Object.assign(document.createElement("span"), { textContent: answer.name ?? file.name });
    const button = Object.assign(document.createElement("button"), { type: "button", className: "file-remove", textContent: say("移除", "Remove") });
    button.dataset.fileRemove = "";
    item.append(input, name, button);
    list.append(item);
  };

  const send = (form, box, file) =>
    new Promise((done) => {
      const state = box.querySelector(".file-state");
      const request = new XMLHttpRequest();
      const body = new FormData();
      body.append("file", file);
      request.open("POST", form.dataset.upload);
      request.setRequestHeader("X-CSRF-Token", form.elements.csrf?.value ?? "");
      request.setRequestHeader("Accept", "application/json");
      request.upload.onprogress = (event) => {
        if (event.lengthComputable) state.textContent = say("正在上传 ", "Uploading ") + Math.round((100 * event.loaded) / event.total) + "%";
      };
      request.onload = () => {
        let answer = {};
        try { answer = JSON.parse(request.responseText); } catch { answer = {}; }
        const fine = request.status < 300 && answer.id;
        if (fine) kept(box, file, answer);
        state.textContent = fine ? say("已上传", "Uploaded") : answer.errors?.[0]?.message ?? answer.detail ?? say("上传失败，请重试", "The upload failed; please try again");
        done();
      };
      request.onerror = () => { state.textContent = say("网络不通，请稍后重试", "No connection; please try again later"); done(); };
      request.send(body);
    });

  const upload = async (form, input) => {
    if (!form.dataset.upload) return;
    const box = input.closest("[data-files]");
    for (const file of input.files) await send(form, box, file);
    input.value = "";
    changed(form);
  };

  // --- drafts -----------------------------------------------------------------------------------------------------

  const timers = new WeakMap();
  const leaving = new WeakSet();

  const tell = (form, text) => {
    const state = form.querySelector("[data-draft-state]");
    if (state) state.textContent = text;
  };

  const fields = (form) => {
    const body = new URLSearchParams();
    for (const [name, value] of new FormData(form)) if (typeof value === "string") body.append(name, value);
    return body;
  };

  const saveDraft = async (form) => {
    timers.delete(form);
    try {
      const answer = await fetch(form.dataset.draft, { method: "POST", body: fields(form), headers: { "X-CSRF-Token": form.elements.csrf?.value ?? "", Accept: "application/json" } });
      if (!answer.ok) throw new Error(String(answer.status));
      const at = new Date().toLocaleTimeString(english ? "en-GB" : "zh-CN", { hour: "2-digit", minute: "2-digit" });
      if (!timers.has(form)) form.removeAttribute("data-dirty");
      tell(form, say(`草稿已于 ${at} 保存`, `Draft saved at ${at}`));
    } catch {
      tell(form, say("草稿未能保存，请勿关闭页面", "The draft could not be saved; please keep this page open"));
    }
  };

  const changed = (form) => {
    form.dataset.dirty = "";
    if (!form.dataset.draft) return;
    clearTimeout(timers.get(form));
    timers.set(form, setTimeout(() => saveDraft(form), DRAFT_AFTER));
  };

  // --- one form ---------------------------------------------------------------------------------------------------

  const start = (form) => {
    prepare(form);
    judge(form);
    for (const rows of form.querySelectorAll("[data-rows]")) limit(rows);
    form.addEventListener("input", (event) => {
      if (event.target.matches("textarea[data-count]")) count(event.target);
      judge(form);
      changed(form);
    });
    form.addEventListener("change", (event) => {
      if (event.target.type === "file") upload(form, event.target);
    });
    form.addEventListener("click", (event) => {
      const button = event.target.closest("button");
      if (!button) return;
      if ("rowAdd" in button.dataset) addRow(form, button.closest("[data-rows]"));
      if ("rowRemove" in button.dataset) removeRow(form, button);
      if ("fileRemove" in button.dataset) { button.closest("li").remove(); changed(form); }
    });
    form.addEventListener("submit", () => { clearTimeout(timers.get(form)); leaving.add(form); });
  };

  const ready = () => {
    focusSummary();
    document.addEventListener("click", followSummary);
    const forms = document.querySelectorAll("form[data-form]");
    forms.forEach(start);
    addEventListener("beforeunload", (event) => {
      for (const form of forms) if ("dirty" in form.dataset && !leaving.has(form)) event.preventDefault();
    });
    document.documentElement.dataset.formReady = "true";
  };

  if (document.readyState === "loading") addEventListener("DOMContentLoaded", ready);
  else ready();
})();
