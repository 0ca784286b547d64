"use strict";
// Loads the page anew once a minute; not while somebody types, has selected text or is on another tab.
setInterval(() => {
  const on = document.activeElement;
  const busy = on && /^(INPUT|SELECT|TEXTAREA)$/.test(on.tagName);
  const open = document.querySelector("details[open]");
  if (!busy && !open && !document.hidden && String(getSelection()) === "") location.reload();
}, 60000);
document.addEventListener("keydown", (event) => {
  const search = document.querySelector("input[type=search]");
  if (event.key === "/" && search && !/^(INPUT|SELECT|TEXTAREA)$/.test(document.activeElement.tagName)) {
    event.preventDefault();
    search.focus();
  }
});
