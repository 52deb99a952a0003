// Search in the headings and texts of all pages. Without scripts the pages are whole, only this is missing.
const label = document.querySelector(".search");
const input = label.querySelector("input");
const list = document.querySelector(".found");
const { top } = document.body.dataset;
const shownMax = 12;
let index;

label.hidden = false;
input.addEventListener("focus", () => {
  index ??= import("./search-index.js").then((module) => module.default);
});
input.addEventListener("input", async () => {
  const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
  const sections = words.length === 0 ? [] : await index;
  const ranked = sections
    .map((section) => ({ section, rank: rankOf(section, words) }))
    .filter(({ rank }) => rank > 0)
    .sort((a, b) => b.rank - a.rank);
  list.replaceChildren(...(words.length === 0 ? [] : [said(ranked)]));
});

/** 0 when a word is missing; a word in the heading counts more. */
function rankOf({ title, heading, text }, words) {
  const head = `${title} ${heading}`.toLowerCase();
  const all = `${head} ${text.toLowerCase()}`;
  if (!words.every((word) => all.includes(word))) return 0;
  return 1 + words.filter((word) => head.includes(word)).length;
}

function said(ranked) {
  if (ranked.length === 0) return document.createTextNode("Nothing has these words.");
  const items = document.createElement("ul");
  for (const { section } of ranked.slice(0, shownMax)) {
    const item = items.appendChild(document.createElement("li"));
    const link = item.appendChild(document.createElement("a"));
    link.href = `${top}${section.page === "index.html" ? "" : section.page}#${section.anchor}`;
    link.textContent = section.heading === section.title ? section.title : `${section.title}: ${section.heading}`;
  }
  return items;
}
