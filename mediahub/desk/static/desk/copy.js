// Beside each text that an editor takes elsewhere: a button that puts it on the clipboard.

const said = document.getElementById("copied");

for (const field of document.querySelectorAll(".copies input")) {
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = said.dataset.button;
  button.setAttribute("aria-describedby", field.getAttribute("aria-labelledby"));
  button.addEventListener("click", async () => {
    field.select();
    // The clipboard is there on secure pages only; selected, the text can be copied by the keyboard.
    await navigator.clipboard?.writeText(field.value);
    button.textContent = said.dataset.text;
    said.textContent = said.dataset.text;
    setTimeout(() => {
      button.textContent = said.dataset.button;
      said.textContent = "";
    }, 2000);
  });
  field.after(button);
  field.addEventListener("focus", () => field.select());
}
