// What was typed into a form marked `data-unsaved`, and not saved, is there again when its page comes back in this tab:
// another form beside it may have loaded the page anew.

const user = document.getElementById("signed-out")?.dataset.user ?? "";
const forms = [...document.querySelectorAll("form[data-unsaved]")];
const storageKeyOf = (form) => `unsaved-${user}-${location.pathname}-${form.dataset.unsaved}`;
const fieldsOf = (form) => [...form.elements].filter((field) => field.name && field.type !== "submit" && field.name !== "csrfmiddlewaretoken");
const isChanged = (field) =>
  ["radio", "checkbox"].includes(field.type) ? field.checked !== field.defaultChecked : field.type !== "hidden" && field.value !== field.defaultValue;
// A form that came back with a question holds what was typed as if it were its own.
const isUnsaved = (form) => fieldsOf(form).some(isChanged) || Boolean(form.querySelector(".errorlist"));
let sentForm = null;

function restoreForm(form) {
  const stored = sessionStorage.getItem(storageKeyOf(form));
  sessionStorage.removeItem(storageKeyOf(form));
  if (!stored || form.querySelector(".errorlist")) return;
  const texts = new Map(JSON.parse(stored));
  for (const field of fieldsOf(form)) {
    // With what the page showed when it was typed, so that nobody's later words are written over.
    if (texts.has(field.name) && !["radio", "checkbox"].includes(field.type)) field.value = texts.get(field.name);
  }
  form.querySelector("[data-unsaved-note]").hidden = false;
}

function saveForm(form) {
  try {
    if (form === sentForm || !isUnsaved(form)) sessionStorage.removeItem(storageKeyOf(form));
    else sessionStorage.setItem(storageKeyOf(form), JSON.stringify(fieldsOf(form).map((field) => [field.name, field.value])));
  } catch (error) {
    // A full store: what was typed is in the page, and nowhere else.
    console.warn(error);
  }
}

addEventListener("submit", (event) => {
  if (!event.defaultPrevented) sentForm = event.target;
});
addEventListener("pagehide", () => forms.forEach(saveForm));
// A page that was kept whole for the way back shows what was typed by itself.
addEventListener("pageshow", () => (sentForm = null));
forms.forEach(restoreForm);
