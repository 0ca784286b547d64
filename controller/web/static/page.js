"use strict";
// Loads the page anew once a minute; not while somebody is at it: has the focus somewhere, has opened or
// selected something, or is on another tab.
setInterval(() => {
  const at = document.activeElement;
  const busy = (at && at !== document.body && at.id !== "main") || document.querySelector("details[open]");
  if (!busy && !document.hidden && String(getSelection()) === "") location.reload();
}, 60000);
document.addEventListener("keydown", (event) => {
  const search = document.querySelector("input[type=search]");
  const free = !event.ctrlKey && !event.metaKey && !event.altKey;
  if (event.key === "/" && free && search && !/^(INPUT|SELECT|TEXTAREA)$/.test(document.activeElement.tagName)) {
    event.preventDefault();
    search.focus();
  }
});
