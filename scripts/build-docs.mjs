// Makes dist/docs, the pages at /docs: each Markdown document that docs/README.md names becomes a page of plain HTML, with
// that file's lists as its navigation. Nothing is loaded from elsewhere.
import MarkdownIt from "markdown-it";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { dirname, join, posix, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { anchorOf } from "./anchors.mjs";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const site = join(root, "dist", "docs");
const assets = ["docs/site/site.css", "docs/site/site.js", ...picturesIn("docs/pictures")];

/** False when nothing had to be done. */
export function buildDocs() {
  const documents = ["docs/README.md", ...linkedFrom("docs/README.md")];
  const made = join(site, "index.html");
  if (existsSync(made) && statSync(made).mtimeMs > newestChangeMs(documents)) return false;
  rmSync(site, { recursive: true, force: true });
  mkdirSync(site, { recursive: true });
  const pages = new Map(documents.map((document) => [document, pageName(document)]));
  const navigation = navigationOf(pages);
  const found = [];
  for (const [document, page] of pages) {
    const text = readFileSync(join(root, document), "utf8");
    const { html, title, sections } = rendered(text, document, pages);
    write(page, framed({ html, title, page, navigation }));
    found.push(...sections.map((section) => ({ ...section, page, title })));
  }
  write("search-index.js", `export default ${JSON.stringify(found)};\n`);
  for (const asset of assets) {
    mkdirSync(dirname(join(site, assetName(asset))), { recursive: true });
    copyFileSync(join(root, asset), join(site, assetName(asset)));
  }
  return true;
}

function write(name, text) {
  mkdirSync(dirname(join(site, name)), { recursive: true });
  writeFileSync(join(site, name), text);
}

/** `docs/clouds/aws.md` is `clouds/aws.html`, `ARCHITECTURE.md` is `architecture.html`. */
function pageName(document) {
  if (document === "docs/README.md") return "index.html";
  return document.replace(/^docs\//, "").replace(/([^/]*)\.md$/, (_all, name) => `${name.toLowerCase()}.html`);
}

function assetName(asset) {
  return asset.replace(/^docs\/(site\/)?/, "");
}

function picturesIn(folder) {
  return readdirSync(join(root, folder)).map((name) => `${folder}/${name}`);
}

/** The Markdown documents of this project that one links to, each once. */
function linkedFrom(document) {
  const links = [...readFileSync(join(root, document), "utf8").matchAll(/\]\(([^)#\s]+\.md)\)/g)];
  return [...new Set(links.map(([, target]) => targetOf(document, target)))];
}

function targetOf(document, target) {
  return posix.normalize(posix.join(posix.dirname(document), target));
}

/** The index's own headings and the links below each. */
function navigationOf(pages) {
  const groups = [];
  for (const line of readFileSync(join(root, "docs/README.md"), "utf8").split("\n")) {
    const heading = /^##? (.+)$/.exec(line)?.[1];
    if (heading !== undefined) groups.push({ heading, links: [] });
    for (const [, target] of line.matchAll(/\]\(([^)#\s]+\.md)\)/g)) {
      const document = targetOf("docs/README.md", target);
      groups.at(-1).links.push({ page: pages.get(document), title: titleOf(document) });
    }
  }
  return groups.filter(({ links }) => links.length > 0);
}

function titleOf(document) {
  return /^# (.+)$/m.exec(readFileSync(join(root, document), "utf8"))[1].replaceAll("`", "");
}

function rendered(text, document, pages) {
  const markdown = new MarkdownIt({ html: true });
  const seen = new Map();
  const sections = [];
  const textOf = (token) => token.children.map(({ content }) => content).join("");
  const tokens = markdown.parse(text, {});
  for (const [index, token] of tokens.entries()) {
    if (token.type === "heading_open") {
      const heading = textOf(tokens[index + 1]);
      const anchor = anchorOf(heading, seen);
      token.attrSet("id", anchor);
      sections.push({ anchor, heading, text: "" });
    } else if (token.type === "inline" && sections.length > 0 && tokens[index - 1]?.type !== "heading_open") {
      sections.at(-1).text += ` ${textOf(token)}`;
    } else if (token.type === "fence" && sections.length > 0) {
      sections.at(-1).text += ` ${token.content}`;
    }
    for (const child of token.children ?? []) relink(child, document, pages);
  }
  const html = markdown.renderer
    .render(tokens, markdown.options, {})
    .replaceAll("<table>", '<div class="wide"><table>');
  return { html: html.replaceAll("</table>", "</table></div>"), title: titleOf(document), sections };
}

/** Links between documents become links between pages; what is no page, such as a source file, is named without a link. */
function relink(token, document, pages) {
  const name = token.type === "image" ? "src" : "href";
  const link = token.attrGet?.(name);
  if (!link || /^[a-z]+:|^#/.test(link)) return;
  const [path, anchor] = link.split("#");
  const target = targetOf(document, path);
  const place = assets.includes(target) ? assetName(target) : addressOf(pages.get(target));
  if (place === undefined) token.attrs = [["title", target]];
  else token.attrSet(name, `${toTop(pages.get(document))}${place}${anchor === undefined ? "" : `#${anchor}`}`);
}

/** From the top; the first page is where all others are. */
function addressOf(page) {
  return page === "index.html" ? "" : page;
}

function toTop(page) {
  return "../".repeat(page.split("/").length - 1) || "./";
}

function framed({ html, title, page, navigation }) {
  const top = toTop(page);
  const groups = navigation.map(({ heading, links }) => {
    const items = links.map((link) => {
      const current = link.page === page ? ' aria-current="page"' : "";
      return `<li><a href="${top}${addressOf(link.page)}"${current}>${escaped(link.title)}</a></li>`;
    });
    return `<h2>${escaped(heading)}</h2><ul>${items.join("")}</ul>`;
  });
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escaped(title)} · Headroom</title>
<link rel="stylesheet" href="${top}site.css">
<script type="module" src="${top}site.js"></script>
</head>
<body data-top="${top}">
<a class="skip" href="#content">To the content</a>
<nav aria-label="Documentation">
<a class="home" href="${top}">Headroom</a>
<label class="search" hidden>Search <input type="search" autocomplete="off"></label>
<div class="found" aria-live="polite"></div>
${groups.join("\n")}
</nav>
<main id="content">
${html}</main>
</body>
</html>
`;
}

function escaped(text) {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");
}

function newestChangeMs(documents) {
  const own = ["scripts/build-docs.mjs", "scripts/anchors.mjs"];
  return Math.max(...[...documents, ...assets, ...own].map((file) => statSync(join(root, file)).mtimeMs));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  console.log(buildDocs() ? `built ${relative(root, site)}` : "nothing to do");
}
