/** The check of a template in any cloud's words, and answers that one program run asks for only once. */
import assert from "node:assert/strict";
import type * as pulumi from "@pulumi/pulumi";
import fc from "fast-check";
import { domainsOf } from "../../provider/frame/dns-names";
import { findAccountRefusal, Lookups, RememberedAnswers, type RefusalWords } from "../../provider/frame/lookups";

const words: RefusalWords = {
  kindOf: (message) => (message.includes("forbidden") ? "unchecked" : message.includes("busy") ? "passing" : "wrong"),
  saidIn: (message) => `the moon says "${message}"`,
  lackingIn: (message) => /needs (\w+)/.exec(message)?.[1],
};
const thing = (field: string) => ({ field, remedy: `make the ${field}`, permission: `read-${field}` });
const things = { image: thing("imageName"), size: thing("size"), network: thing("network") };
type Thing = keyof typeof things;

const refuse = (message: string) => () => Promise.reject(new Error(message));

describe("the check of a template", () => {
  it("gives what the cloud told, and nothing for what is not named", async () => {
    const look = new Lookups(things, words);
    assert.equal(await look.up("image", "a", async (name) => `image ${name}`), "image a");
    assert.equal(await look.up("size", undefined, refuse("never asked")), undefined);
    assert.deepEqual(look.findings(), []);
  });

  for (const [message, kind, text] of [
    ["no such image", "wrong", 'imageName "a": the moon says "no such image": make the imageName'],
    [
      "forbidden",
      "unchecked",
      'imageName "a": could not be checked: the moon says "forbidden"; allow the action read-imageName to have it checked, nodes are made without it',
    ],
    [
      "forbidden, needs peek",
      "unchecked",
      'imageName "a": could not be checked: the moon says "forbidden, needs peek"; allow the action peek to have it checked, nodes are made without it',
    ],
    ["busy", "passing", 'imageName "a": could not be checked this time: the moon says "busy"'],
  ] as const) {
    it(`says what "${message}" means and what to do`, async () => {
      const look = new Lookups(things, words);
      assert.equal(await look.up("image", "a", refuse(message)), undefined);
      assert.deepEqual(look.findings(), [{ kind, field: "imageName", text }]);
    });
  }

  it("tells findings in the order of the settings, whichever answer came first (property)", async () => {
    const order = fc.shuffledSubarray(Object.keys(things) as Thing[]);
    await fc.assert(
      fc.asyncProperty(order, async (asked) => {
        const look = new Lookups(things, words);
        for (const name of asked) await look.up(name, "a", refuse("no"));
        const fields = Object.keys(things).filter((name) => asked.includes(name as Thing));
        assert.deepEqual(
          look.findings().map(({ field }) => field),
          fields.map((name) => things[name as Thing].field),
        );
      }),
    );
  });
});

describe("a refusal of an account", () => {
  const refusals = [
    { pattern: /expired/, field: () => "token", meaning: () => "declare a new one" },
    {
      pattern: /token/,
      field: () => "user",
      meaning: ({ user }: { user?: unknown }) => `${String(user)} is not known`,
    },
  ];

  it("is what the first rule that fits says, or nothing", () => {
    const told = (message: string) => findAccountRefusal(refusals, words, message, { user: "u" });
    assert.deepEqual(told("the token expired"), {
      kind: "wrong",
      field: "token",
      text: 'token: the moon says "the token expired": declare a new one',
    });
    assert.equal(told("bad token")?.text, 'user: the moon says "bad token": u is not known');
    assert.equal(told("no such image"), undefined);
  });
});

describe("remembered answers", () => {
  it("are asked for once per provider and key, also while the first answer is awaited", async () => {
    const [one, other] = [{}, {}] as pulumi.ProviderResource[];
    const answers = new RememberedAnswers<number>();
    let asked = 0;
    const ask = async () => ++asked;
    const all = [one, one, other].map((provider) => answers.of(provider, "a", ask));
    assert.deepEqual(await Promise.all([...all, answers.of(one, "b", ask)]), [1, 1, 2, 3]);
    assert.equal(await answers.of(one, "a", ask), 1);
    assert.equal(await answers.of(undefined, "a", ask), 4, "without a provider there is nobody to remember it for");
  });

  it("are asked for again after a failure, because an update that is open makes further nodes for minutes", async () => {
    const provider = {} as pulumi.ProviderResource;
    const answers = new RememberedAnswers<string>();
    const fail = () => Promise.reject(new Error("the cloud is not reached"));
    await assert.rejects(answers.of(provider, "a", fail), /not reached/);
    assert.equal(await answers.of(provider, "a", async () => "found"), "found");
    assert.equal(await answers.of(provider, "a", fail), "found");
  });
});

describe("the domains that a name is in", () => {
  it("are told from the longest to the one below the root's", () => {
    assert.deepEqual(domainsOf("a.b.example.org."), ["a.b.example.org", "b.example.org", "example.org"]);
    assert.deepEqual(domainsOf("org"), []);
  });
});
