/**
 * Texts by which people are told apart: ids of users, names of their groups. Two of them that a person can't tell apart
 * must not be two people, and two people must never become one: so each has one form, and what has none is refused.
 *
 * Composed and decomposed letters (`é` in one code point or in two) are the same text to Unicode; the composed form (NFC)
 * is kept, answered and compared. Everything else is compared as it is: upper and lower case differ.
 */
import { z } from "zod";

/** Characters of an id at most. */
export const identityLengthMax = 200;

/** Control characters, those that turn the direction of text, and all others that take no room. */
const unseen = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/u;
/** Blanks that look like the ordinary one. */
const oddBlank = /(?! )\p{Zs}/u;
/** Stands for something that somebody on the way could not decode. */
const replacement = "\ufffd";

export const identitySchema = z
  .string()
  .min(1)
  .max(identityLengthMax)
  .transform((text) => text.normalize("NFC"))
  .superRefine((text, context) => {
    const message = identityProblem(text);
    if (message !== undefined) context.addIssue({ code: "custom", message, input: text });
  });

/** What is wrong with a text in NFC as an id, and which one would be right; undefined = it is good. */
function identityProblem(text: string): string | undefined {
  const trimmed = text.trim();
  if (trimmed === "") return "use at least one character that is no blank";
  const hidden = unseen.exec(text)?.[0];
  if (hidden !== undefined) return `leave out ${codePointOf(hidden)}, which can't be seen`;
  if (text.includes(replacement)) {
    return "leave out U+FFFD, which stands for a character that could not be decoded; send the text in UTF-8";
  }
  if (trimmed !== text) return `leave out the blanks around it: "${trimmed}"`;
  const blank = oddBlank.exec(text)?.[0];
  if (blank !== undefined) return `use an ordinary blank instead of ${codePointOf(blank)}`;
  return text.length > identityLengthMax ? `use at most ${identityLengthMax} characters` : undefined;
}

function codePointOf(character: string): string {
  return `U+${character.codePointAt(0)!.toString(16).toUpperCase().padStart(4, "0")}`;
}
