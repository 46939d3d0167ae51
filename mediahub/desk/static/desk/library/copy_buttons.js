// Beside each text that an editor takes elsewhere: a button that puts it on the clipboard.

const announcement = document.getElementById("copied");

for (const field of document.querySelectorAll(".copies input")) {
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = announcement.dataset.button;
  button.setAttribute("aria-describedby", field.getAttribute("aria-labelledby"));
  button.addEventListener("click", async () => {
    field.select();
    // The clipboard is there on secure pages only; selected, the text can be copied by the keyboard.
    await navigator.clipboard?.writeText(field.value);
    button.textContent = announcement.dataset.text;
    announcement.textContent = announcement.dataset.text;
    setTimeout(() => {
      button.textContent = announcement.dataset.button;
      announcement.textContent = "";
    }, 2000);
  });
  field.after(button);
  field.addEventListener("focus", () => field.select());
}
