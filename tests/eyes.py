"""What can be said of any page in a browser about whether everybody can use it: WCAG 2.2 AA, as far as a
program can tell. Each function returns what is wrong, in words."""

from __future__ import annotations

from typing import Any

# Of each text: its colour against the first background behind it that is not see-through.
_CONTRAST = """() => {
  const rgb = (text) => text.match(/[\\d.]+/g).map(Number);
  const light = ([r, g, b]) => [r, g, b].map((v) => v / 255)
    .map((v) => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, at) => sum + v * [0.2126, 0.7152, 0.0722][at], 0);
  const behind = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const colour = rgb(getComputedStyle(at).backgroundColor);
      if (colour.length < 4 || colour[3] > 0) return colour;
    }
    return matchMedia("(prefers-color-scheme: dark)").matches ? [0, 0, 0] : [255, 255, 255];
  };
  const ratio = (one, other) => {
    const [low, high] = [light(one), light(other)].sort((a, b) => a - b);
    return (high + 0.05) / (low + 0.05);
  };
  const wrong = new Set();
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement, style = getComputedStyle(element);
    if (!walker.currentNode.data.trim() || !element.checkVisibility() || element.closest("script, style")) continue;
    const colour = rgb(element.closest("svg") ? style.fill : style.color);
    const large = parseFloat(style.fontSize) >= 24 || (parseFloat(style.fontSize) >= 18.66 && style.fontWeight >= 700);
    const found = ratio(colour, behind(element));
    if (found < (large ? 3 : 4.5)) wrong.add(`${found.toFixed(2)} for “${walker.currentNode.data.trim().slice(0, 40)}”`);
  }
  for (const field of document.querySelectorAll("input:not([type=hidden]), select")) {
    if (!field.checkVisibility() || field.type === "checkbox") continue;
    const found = ratio(rgb(getComputedStyle(field).borderTopColor), behind(field.parentElement));
    if (found < 3) wrong.add(`${found.toFixed(2)} for the edge of ${field.name || field.id}`);
  }
  return [...wrong];
}"""

_STRUCTURE = """() => {
  const wrong = [];
  const all = (selector) => [...document.querySelectorAll(selector)];
  const say = (bad, words) => { if (bad) wrong.push(words); };
  say(document.documentElement.lang !== "en", "the page does not say its language");
  say(!document.title.trim(), "the page has no title");
  say(all("main").length !== 1, "there is not one main");
  say(all("h1").length !== 1, "there is not one h1");
  let before = 0;
  for (const heading of all("h1, h2, h3, h4")) {
    const level = Number(heading.tagName[1]);
    say(level > before + 1, `a heading is skipped before “${heading.textContent}”`);
    say(!heading.textContent.trim(), "a heading is empty");
    before = level;
  }
  for (const table of all("table")) say(!table.tHead, "a table has no head");
  for (const cell of all("th")) say(!cell.scope, `“${cell.textContent}” heads nothing`);
  for (const nav of all("nav")) say(!nav.getAttribute("aria-label"), "a nav has no name");
  for (const field of all("input:not([type=hidden]), select")) {
    say(!field.labels?.length && !field.getAttribute("aria-label"), `the field ${field.name || field.id} has no label`);
  }
  for (const link of all("a, button, summary")) say(!link.textContent.trim(), "something to press has no words");
  for (const image of all("svg, img, [role=img]")) {
    say(!image.getAttribute("aria-label") && !image.alt, "a picture says nothing");
  }
  for (const one of all("[tabindex]")) say(one.tabIndex > 0, "the order of the focus is forced");
  for (const one of all("[autoplay], marquee, blink, meta[http-equiv=refresh]")) say(true, `there is a ${one.tagName}`);
  const ids = all("[id]").map((one) => one.id);
  say(new Set(ids).size !== ids.length, "an id stands twice");
  for (const one of all("body *")) {
    const style = getComputedStyle(one);
    say(style.animationName !== "none" || parseFloat(style.transitionDuration) > 0, `${one.tagName} moves`);
  }
  const outside = all("body > *:not(script, style, header, main, footer, .skip)");
  for (const one of outside) say(true, `${one.tagName} stands outside of every landmark`);
  return [...new Set(wrong)];
}"""

_FOCUSED = """() => {
  const at = document.activeElement;
  if (!at || at === document.body) return null;
  const style = getComputedStyle(at), box = at.getBoundingClientRect();
  at.dataset.visited = (Number(at.dataset.visited) || 0) + 1;
  return {
    twice: at.dataset.visited > 1, words: (at.textContent || at.name).trim().slice(0, 40), y: box.y + scrollY,
    seen: style.outlineStyle === "solid" && parseFloat(style.outlineWidth) >= 2 && box.width > 0,
  };
}"""

_SPACED = "* { line-height: 1.5 !important; letter-spacing: .12em !important; word-spacing: .16em !important; }"


def contrast(page: Any) -> list[str]:
    found: list[str] = page.evaluate(_CONTRAST)
    return found


def structure(page: Any) -> list[str]:
    found: list[str] = page.evaluate(_STRUCTURE)
    return found


def overflow(page: Any) -> list[str]:
    """Whether it scrolls sideways, also with the text spaced as somebody may need it."""
    width = page.viewport_size["width"]
    found = []
    if page.evaluate("document.documentElement.scrollWidth") > width:
        found.append(f"it scrolls sideways at {width} px")
    page.evaluate("(css) => { const s = new CSSStyleSheet(); s.replaceSync(css); document.adoptedStyleSheets = [s]; }", _SPACED)
    if page.evaluate("document.documentElement.scrollWidth") > width:
        found.append(f"it scrolls sideways at {width} px with the text spaced")
    return found


def keyboard(page: Any, most: int = 80) -> list[str]:
    """Steps through all that takes the focus: each is seen, once, from top to bottom within the page."""
    found, steps = [], 0
    page.evaluate("document.body.tabIndex = -1; document.body.focus(); document.body.removeAttribute('tabindex')")
    for _ in range(most):
        page.keyboard.press("Tab")
        at = page.evaluate(_FOCUSED)
        if at is None or at["twice"]:
            break
        steps += 1
        if not at["seen"]:
            found.append(f"the focus is not seen on “{at['words']}”")
    wanted = min(most, page.evaluate("[...document.querySelectorAll('a[href], button, input:not([type=hidden]), select, summary')].filter((one) => one.checkVisibility()).length"))
    if steps < wanted:
        found.append(f"{steps} of {wanted} are reached")
    return found
