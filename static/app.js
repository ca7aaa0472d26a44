// What a page gains where scripts run: shortcuts, copying, a first focus. Every page works without it.

const $ = (selector, from = document) => from.querySelector(selector);
const $$ = (selector, from = document) => [...from.querySelectorAll(selector)];

// Controls that only a script can serve are hidden in the HTML and shown here.
for (const control of $$("[data-needs-script]")) control.hidden = false;

$("[data-autofocus]")?.focus();

// htmx suggests and checks while someone types. It is fetched when the first field that uses it gets the focus,
// so that pages without such a field, and people who never search, do not pay for it.
const htmx = $("script[data-htmx]");
function enhance() {
  if (!document.activeElement?.closest("[data-hx-get]")) return;
  removeEventListener("focusin", enhance);
  const script = document.createElement("script");
  script.src = htmx.dataset.htmx;
  document.head.append(script);
}
if (htmx) {
  addEventListener("focusin", enhance);
  enhance();
}

// --- Shortcuts -------------------------------------------------------------------------------------------
// A shortcut is the `data-key` of a link or button that can be seen. "g m" is two keys, one after the other.
// Single keys can be switched off in the account (WCAG 2.1.4); Ctrl-K and Cmd-K stay.

const singleKeys = document.documentElement.dataset.shortcuts !== "off";
let pending = "";
let pendingTimer = 0;

const typing = (event) => event.target.closest?.("input:not([type=checkbox], [type=radio]), textarea, select");

function search() {
  const box = $("#q");
  box?.focus();
  box?.select();
}

function press(keys) {
  const control = $(`[data-key="${CSS.escape(keys)}"]`);
  if (!control) return false;
  if (control.tagName === "DETAILS") {
    control.open = true;
    $("a, button", control)?.focus();
  } else {
    control.click();
  }
  return true;
}

/** Moves to the next or previous row of the page's table, by the link that names it. */
function step(by) {
  const rows = $$("tbody th[scope=row] a");
  const here = rows.findIndex((row) => row.closest("tr").contains(document.activeElement));
  rows[Math.min(Math.max(here + by, 0), rows.length - 1)]?.focus();
  return rows.length > 0;
}

function tick() {
  const box = $("input[type=checkbox]", document.activeElement?.closest("tbody tr") ?? undefined);
  if (!document.activeElement?.closest("tbody tr") || !box) return false;
  box.click();
  return true;
}

function single(key) {
  const keys = pending ? `${pending} ${key}` : key;
  pending = "";
  clearTimeout(pendingTimer);
  if (keys === "/") return search(), true;
  if (keys === "j") return step(1);
  if (keys === "k") return step(-1);
  if (keys === "x") return tick();
  if ($(`[data-key^="${CSS.escape(keys)} "]`)) {
    pending = keys;
    pendingTimer = setTimeout(() => (pending = ""), 1500);
    return true;
  }
  return press(keys);
}

addEventListener("keydown", (event) => {
  if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
    event.preventDefault();
    return search();
  }
  if (event.key === "Escape") return closeMenus();
  if (event.key === "ArrowDown" || event.key === "ArrowUp") return suggestion(event);
  if (!singleKeys || event.ctrlKey || event.metaKey || event.altKey || typing(event)) return;
  if (single(event.key)) event.preventDefault();
});

// --- Search suggestions and menus ------------------------------------------------------------------------

/** Arrow keys walk from the search box through its suggestions and back. */
function suggestion(event) {
  const omni = event.target.closest?.(".omni");
  if (!omni) return;
  const stops = [$("input", omni), ...$$(".suggestions a", omni)];
  const here = stops.indexOf(document.activeElement);
  const next = stops[here + (event.key === "ArrowDown" ? 1 : -1)];
  if (here < 0 || !next) return;
  event.preventDefault();
  next.focus();
}

function closeMenus(except) {
  for (const menu of $$("details.menu[open]")) {
    if (menu === except) continue;
    const inside = menu.contains(document.activeElement);
    menu.open = false;
    if (inside) $("summary", menu).focus();
  }
  if (!except && document.activeElement?.closest(".omni")) document.activeElement.blur();
}

// --- Buttons ---------------------------------------------------------------------------------------------

/** Copies the text of the element that `data-copy` names, and says so in the button itself. */
async function copy(button) {
  const label = $("[data-label]", button);
  const before = label.textContent;
  try {
    await navigator.clipboard.writeText($(`#${CSS.escape(button.dataset.copy)}`).textContent.trim());
    label.textContent = "Copied";
  } catch {
    label.textContent = "Select and copy by hand";
  }
  setTimeout(() => (label.textContent = before), 2000);
}

function reveal(button) {
  const input = $(`#${CSS.escape(button.dataset.reveal)}`);
  const hidden = input.type === "password";
  input.type = hidden ? "text" : "password";
  button.textContent = hidden ? "Hide" : "Show";
  button.setAttribute("aria-pressed", String(hidden));
}

function fill(button) {
  const input = $(`#${CSS.escape(button.dataset.fill)}`);
  input.value = button.value;
  input.dispatchEvent(new Event("input", { bubbles: true }));
  input.focus();
}

addEventListener("click", (event) => {
  closeMenus(event.target.closest("details.menu") ?? document.body);
  const button = event.target.closest("button");
  if (!button) return;
  if (button.dataset.copy) copy(button);
  else if (button.dataset.reveal) reveal(button);
  else if ("print" in button.dataset) print();
  else if (button.dataset.fill) {
    event.preventDefault();
    fill(button);
  }
});

// --- Selecting rows --------------------------------------------------------------------------------------

/** Keeps "Suspend 3 mailboxes" true: a button that acts on several things says on how many. */
function recount(form) {
  const boxes = $$("tbody input[type=checkbox]", form);
  const chosen = boxes.filter((box) => box.checked).length;
  const all = $("[data-select-all]", form);
  if (all) {
    all.checked = chosen > 0 && chosen === boxes.length;
    all.indeterminate = chosen > 0 && chosen < boxes.length;
  }
  for (const button of $$("[data-counted]", form)) {
    button.disabled = chosen === 0;
    $("[data-label]", button).textContent = chosen === 0 ? button.dataset.counted
      : `${button.dataset.counted} ${chosen} ${chosen === 1 ? button.dataset.one : button.dataset.many}`;
  }
}

addEventListener("change", (event) => {
  const form = event.target.closest("form[data-bulk]");
  if (!form) return;
  if ("selectAll" in event.target.dataset) {
    for (const box of $$("tbody input[type=checkbox]", form)) box.checked = event.target.checked;
  }
  recount(form);
});
for (const form of $$("form[data-bulk]")) recount(form);

// --- Words ----------------------------------------------------------------------------------------------

// Times are written by the server in its own words; the exact local time is one hover away.
for (const time of $$("time[datetime]")) {
  const at = new Date(time.dateTime);
  if (time.dateTime.includes("T") && !Number.isNaN(at.valueOf())) time.title = at.toLocaleString();
}

// A live region speaks only when it changes, so what happened on the last page is said once more here.
const flash = $("[data-announce]");
if (flash) {
  const words = [...flash.childNodes];
  flash.replaceChildren();
  setTimeout(() => flash.replaceChildren(...words), 150);
}

// How long an acting session still lasts; the time at which it ends stands beside it for everybody.
for (const left of document.querySelectorAll("[data-countdown]")) {
  const end = Date.parse(left.dataset.countdown);
  const tick = () => {
    const seconds = Math.max(0, Math.round((end - Date.now()) / 1000));
    left.textContent = ` (${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")} left)`;
  };
  tick();
  setInterval(tick, 1000);
}
