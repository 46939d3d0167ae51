// What was typed into a form marked `data-unsaved`, and not saved, is there again when its page comes back in this tab:
// another form beside it may have loaded the page anew.

const user = document.getElementById("signed-out")?.dataset.user ?? "";
const forms = [...document.querySelectorAll("form[data-unsaved]")];
const keyOf = (form) => `unsaved-${user}-${location.pathname}-${form.dataset.unsaved}`;
const fieldsOf = (form) => [...form.elements].filter((field) => field.name && field.type !== "submit" && field.name !== "csrfmiddlewaretoken");
const isChanged = (field) =>
  ["radio", "checkbox"].includes(field.type) ? field.checked !== field.defaultChecked : field.type !== "hidden" && field.value !== field.defaultValue;
// A form that came back with a question holds what was typed as if it were its own.
const isUnsaved = (form) => fieldsOf(form).some(isChanged) || Boolean(form.querySelector(".errorlist"));
let sent = null;

function restore(form) {
  const kept = sessionStorage.getItem(keyOf(form));
  sessionStorage.removeItem(keyOf(form));
  if (!kept || form.querySelector(".errorlist")) return;
  const texts = new Map(JSON.parse(kept));
  for (const field of fieldsOf(form)) {
    // With what the page showed when it was typed, so that nobody's later words are written over.
    if (texts.has(field.name) && !["radio", "checkbox"].includes(field.type)) field.value = texts.get(field.name);
  }
  form.querySelector("[data-unsaved-note]").hidden = false;
}

function keep(form) {
  try {
    if (form === sent || !isUnsaved(form)) sessionStorage.removeItem(keyOf(form));
    else sessionStorage.setItem(keyOf(form), JSON.stringify(fieldsOf(form).map((field) => [field.name, field.value])));
  } catch (error) {
    // A full store: what was typed is in the page, and nowhere else.
    console.warn(error);
  }
}

addEventListener("submit", (event) => {
  if (!event.defaultPrevented) sent = event.target;
});
addEventListener("pagehide", () => forms.forEach(keep));
// A page that was kept whole for the way back shows what was typed by itself.
addEventListener("pageshow", () => (sent = null));
forms.forEach(restore);
