"use strict";
(() => {
  const tools = document.getElementById("tools"), search = document.getElementById("search");
  const shown = document.getElementById("shown");
  const boxes = [...document.querySelectorAll(".box")].map((box) => ({
    box, name: box.querySelector("h2").textContent.toLowerCase(),
    rows: [...box.querySelectorAll(".rows > li")].map((row) => ({
      row, risk: row.dataset.risk, held: row.dataset.held, text: row.textContent.toLowerCase(),
    })),
  }));
  const total = boxes.reduce((sum, each) => sum + each.rows.length, 0);
  const filter = () => {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const risks = new Set([...tools.querySelectorAll("[name=risk]:checked")].map((each) => each.value));
    const held = document.getElementById("held").checked;
    let count = 0;
    for (const { box, name, rows } of boxes) {
      let any = false;
      for (const { row, risk, held: back, text } of rows) {
        const fits = risks.has(risk) && (!held || back) && words.every((word) => (name + " " + text).includes(word));
        row.hidden = !fits;
        any ||= fits;
        count += fits;
      }
      box.hidden = !any;
    }
    shown.textContent = count === total ? `${total} lines` : `${count} of ${total} lines`;
  };
  let waiting;
  search.addEventListener("input", () => { clearTimeout(waiting); waiting = setTimeout(filter, 120); });
  tools.addEventListener("change", filter);
  tools.addEventListener("submit", (event) => event.preventDefault());
  document.addEventListener("keydown", (event) => {
    if (event.key === "/" && !/INPUT|TEXTAREA/.test(document.activeElement.tagName)) {
      event.preventDefault();
      search.focus();
    } else if (event.key === "Escape" && document.activeElement === search) {
      search.value = "";
      filter();
    }
  });
  tools.hidden = total < 2;
  filter();
})();
