/** How OpenStack writes ids, names and addresses of services, as far as settings hold them. */
import { z } from "zod";

/** With or without dashes, as Keystone and Nova show them. */
const uuidPattern = /^(?:[0-9a-f]{32}|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})$/i;

export const imageUuid = z.string().regex(uuidPattern, "use the id of an image, as `openstack image list` shows it");
export const networkUuid = z
  .string()
  .regex(uuidPattern, "use the id of a network, as `openstack network list` shows it");
export const uuid = z.string().regex(uuidPattern, "use an id such as 8f1c8b4e-2a4b-4f0e-9a55-1d6f2f9f3a10");

/** Nova's rule for names: printable, and no blank at either end. */
export const name = z
  .string()
  .min(1)
  .max(255)
  .regex(/^[^\s\p{C}](?:[^\p{C}]*[^\s\p{C}])?$/u, "use 1 to 255 printable characters without a blank at either end");

/** A colon would name a host, which only administrators may, and which the next VM finds taken. */
export const zoneName = name.refine(
  (zone) => !zone.includes(":"),
  'use only the zone\'s name such as "nova", without a host behind a colon',
);

const metadataKey = /^[a-zA-Z0-9\-_:. ]{1,255}$/;

/** Nova's rule for metadata, without the keys that say whose a VM is. */
export const metadataShape = z
  .record(z.string(), z.string().max(255, "a value has at most 255 characters"))
  .superRefine((metadata, context) => {
    const issue = (key: string, message: string) => context.addIssue({ code: "custom", path: [key], message });
    for (const key of Object.keys(metadata)) {
      if (!metadataKey.test(key)) issue(key, 'a key has 1 to 255 letters, digits, blanks, "-", "_", ":" and "."');
      if (/^headroom-/i.test(key)) issue(key, 'no "headroom-" at its start: these keys say whose a VM is');
    }
  });

/** Nova's rule for tags. */
export const tag = z.string().regex(/^[^,/]{1,60}$/, 'a tag has 1 to 60 characters, and no "," and "/"');
/** So many does Nova take. */
export const tagsMax = 50;

/** Address of a service with its scheme. */
export const serviceUrl = z.string().superRefine((text, context) => {
  const problem = urlProblem(text);
  if (problem !== undefined) context.addIssue({ code: "custom", message: problem });
});

function urlProblem(text: string): string | undefined {
  if (!/^https?:\/\//i.test(text))
    return 'use an address with its scheme, such as "https://openstack.example.org:5000"';
  if (!URL.canParse(text)) return "this is no address";
  const { username, password, search, hash } = new URL(text);
  if (username !== "" || password !== "") return "no user name and password in an address: it is shown and logged";
  return search === "" && hash === "" ? undefined : "use an address without a question mark and a hash";
}
