// Anchors of headings, as GitHub makes them: links within documents hold there and on our own pages.

/** `seen` counts anchors of one document, so that a heading that comes twice has two. */
export function anchorOf(heading, seen) {
  const plain = heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\p{M}\s_-]/gu, "")
    .trim()
    .replaceAll(/\s/g, "-");
  const before = seen.get(plain) ?? 0;
  seen.set(plain, before + 1);
  return before === 0 ? plain : `${plain}-${before}`;
}
