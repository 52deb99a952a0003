/** The pages that `scripts/build-docs.mjs` makes of the documents, as `npm run build` left them. */
import { deepEqual, equal, match, ok } from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, posix, resolve } from "node:path";

const root = resolve(__dirname, "..", "..", "..");
const site = join(root, "dist", "docs");
const pages = readdirSync(site, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".html"));
const htmlOf = (page: string) => readFileSync(join(site, page), "utf8");

/** Values of an attribute, as browsers read them. */
function valuesOf(html: string, attribute: string): string[] {
  const found = [...html.matchAll(new RegExp(`<[a-z][^>]*\\s${attribute}="([^"]*)"`, "g"))];
  return found.map(([, value]) => decodeURI(value!.replaceAll("&amp;", "&")));
}

describe("the pages of the documents", () => {
  it("are there for each document that the index names", () => {
    const links = [...readFileSync(join(root, "docs/README.md"), "utf8").matchAll(/\]\(([^)#]+)\.md\)/g)];
    const wanted = links.map(([, path]) => `${posix.normalize(path!.replace(/^\.\.\//, "")).toLowerCase()}.html`);
    ok(wanted.length > 20);
    deepEqual(
      [...new Set(wanted)].filter((page) => !pages.includes(page)),
      [],
    );
  });

  it("link to pages, headings and files that exist", () => {
    const anchors = new Map(pages.map((page) => [page, new Set(valuesOf(htmlOf(page), "id"))]));
    for (const page of pages) {
      const html = htmlOf(page);
      const links = [...valuesOf(html, "href"), ...valuesOf(html, "src")].filter((link) => !/^[a-z]+:/.test(link));
      for (const link of links) {
        const [path, anchor] = link.split("#") as [string, string?];
        const joined = path === "" ? page : posix.normalize(posix.join(posix.dirname(page), path));
        const target = joined.endsWith("/") ? posix.join(joined, "index.html") : joined;
        ok(existsSync(join(site, target)), `${page} links to ${link}`);
        if (anchor !== undefined) ok(anchors.get(target)?.has(anchor), `${page} links to ${link}: no such heading`);
      }
    }
  });

  it("load nothing from elsewhere and have no script or style of their own, so that a strict policy holds", () => {
    for (const page of pages) {
      const html = htmlOf(page);
      const loaded = [
        ...valuesOf(html, "src"),
        ...[...html.matchAll(/<link[^>]*href="([^"]*)"/g)].map(([, url]) => url!),
      ];
      deepEqual(
        loaded.filter((url) => /^([a-z]+:|\/\/)/.test(url)),
        [],
        page,
      );
      equal(
        /<script(?![^>]* src=)|<style|\sstyle="|\son[a-z]+="/.test(html.replaceAll(/<code[\s\S]*?<\/code>/g, "")),
        false,
        page,
      );
    }
  });

  it("have one heading of first rank, a title, a language, and say which page one is on", () => {
    for (const page of pages) {
      const html = htmlOf(page);
      equal(html.match(/<h1\b/g)?.length, 1, page);
      match(html, /<html lang="en">[\s\S]*<title>[^<]+ · Headroom<\/title>/);
      ok(page === "index.html" || valuesOf(html, "aria-current").length === 1, page);
      for (const image of html.match(/<img[^>]*>/g) ?? []) match(image, /alt="[^"]+"/, page);
    }
  });

  it("are found by what stands in them", () => {
    const text = readFileSync(join(site, "search-index.js"), "utf8");
    const sections = JSON.parse(/^export default (.*);$/m.exec(text)![1]!) as {
      readonly page: string;
      readonly anchor: string;
      readonly text: string;
    }[];
    for (const { page, anchor } of sections) ok(valuesOf(htmlOf(page), "id").includes(anchor), `${page}#${anchor}`);
    const pagesWith = (word: string) =>
      sections.filter((section) => section.text.includes(word)).map(({ page }) => page);
    ok(pagesWith("downscaleBackoff").includes("concepts.html"));
    ok(pagesWith("maxInstances").includes("sizing.html"));
  });
});
