// Small comforts; every page works without them.
"use strict";

// A choice in a filter counts at once.
for (const choice of document.querySelectorAll("form.tools select")) {
  choice.addEventListener("change", () => choice.form.requestSubmit());
}

// Empty fields need not stand in the address.
for (const form of document.querySelectorAll("form.tools")) {
  form.addEventListener("submit", () => {
    for (const field of form.elements) field.disabled = field.disabled || (field.name !== "" && field.value === "");
  });
}
// Coming back from the history brings the fields back.
window.addEventListener("pageshow", () => {
  for (const field of document.querySelectorAll("form.tools :disabled")) field.disabled = false;
});

// "/" leads to the search, as in many tools.
document.addEventListener("keydown", (event) => {
  const find = document.getElementById("find");
  if (event.key !== "/" || !find || /^(INPUT|SELECT|TEXTAREA)$/.test(document.activeElement.tagName)) return;
  event.preventDefault();
  find.focus();
});

// On a phone the menu scrolls; where one is stays in sight.
document.querySelector(".bar [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });
