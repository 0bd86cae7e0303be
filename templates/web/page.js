// The only script of the site, and nothing needs it: it offers this browser's own time zone.
const field = document.querySelector('input[name="timezone"]');
const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
if (field && field.value === "UTC" && zone && zone !== "UTC") {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "second";
  button.textContent = `Use ${zone}`;
  button.addEventListener("click", () => {
    field.value = zone;
    button.remove();
    field.focus();
  });
  field.closest("label").after(button);
}
