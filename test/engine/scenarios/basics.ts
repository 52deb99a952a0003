import type { Scenario } from "../notation";

/** What every engine has to do the same; these programs are also in the given recordings. */
export const basics: readonly Scenario[] = [
  {
    name: "chain",
    about: "c needs b needs a: creation order, deletion in reverse",
    steps: [
      {
        do: "up",
        program: {
          resources: [
            {
              name: "a",
              inputs: {
                size: "small",
              },
            },
            {
              name: "b",
              inputs: {
                size: "small",
                peer: {
                  $ref: "a.address",
                },
              },
            },
            {
              name: "c",
              inputs: {
                size: "small",
              },
              options: {
                dependsOn: ["b"],
              },
            },
          ],
        },
      },
      {
        do: "up",
        program: {
          resources: [
            {
              name: "a",
              inputs: {
                size: "small",
              },
            },
          ],
        },
      },
      {
        do: "destroy",
      },
    ],
  },
  {
    name: "check-failure",
    about: "the provider refuses inputs",
    steps: [
      {
        do: "up",
        program: {
          resources: [
            {
              name: "a",
              inputs: {
                size: "impossible",
              },
            },
          ],
        },
      },
      {
        do: "preview",
        program: {
          resources: [
            {
              name: "a",
              inputs: {
                size: "impossible",
              },
            },
          ],
        },
      },
    ],
  },
  {
    name: "create-same-update-delete",
    about: "one resource: create, no change, update, delete",
    steps: [
      {
        do: "up",
        program: {
          resources: [
            {
              name: "a",
              inputs: {
                size: "small",
              },
            },
          ],
          outputs: {
            ip: {
              $ref: "a.address",
            },
          },
        },
      },
      {
        do: "up",
        program: {
          resources: [
            {
              name: "a",
              inputs: {
                size: "small",
              },
            },
          ],
        },
      },
      {
        do: "up",
        program: {
          resources: [
            {
              name: "a",
              inputs: {
                size: "large",
              },
            },
          ],
        },
      },
      {
        do: "up",
        program: {
          resources: [],
        },
      },
    ],
  },
  {
    name: "deleted-with",
    about: "deletedWith skips the delete call of what goes with its owner",
    steps: [
      {
        do: "up",
        program: {
          resources: [
            {
              name: "a",
              inputs: {
                size: "small",
              },
            },
            {
              name: "b",
              inputs: {
                size: "small",
              },
              options: {
                deletedWith: "a",
              },
            },
            {
              name: "c",
              inputs: {
                size: "small",
              },
              options: {
                dependsOn: ["a"],
              },
            },
          ],
        },
      },
      {
        do: "up",
        program: {
          resources: [],
        },
      },
    ],
  },
  {
    name: "failing-create-continues",
    about: "the same with continueOnError",
    steps: [
      {
        do: "up",
        program: {
          resources: [
            {
              name: "old",
              inputs: {
                size: "small",
              },
            },
          ],
        },
      },
      {
        do: "up",
        program: {
          resources: [
            {
              name: "a",
              inputs: {
                size: "small",
                fail: "create",
              },
            },
            {
              name: "b",
              inputs: {
                size: "small",
                delayMs: 300,
              },
            },
            {
              name: "c",
              inputs: {
                size: "small",
                peer: {
                  $ref: "a.address",
                },
              },
            },
          ],
        },
        options: {
          continueOnError: true,
        },
      },
      {
        do: "up",
        program: {
          resources: [],
        },
      },
    ],
  },
  {
    name: "failing-create-stops",
    about: "a failing create without continueOnError: what of its siblings, its dependents, a deletion",
    steps: [
      {
        do: "up",
        program: {
          resources: [
            {
              name: "old",
              inputs: {
                size: "small",
              },
            },
          ],
        },
      },
      {
        do: "up",
        program: {
          resources: [
            {
              name: "a",
              inputs: {
                size: "small",
                fail: "create",
              },
            },
            {
              name: "b",
              inputs: {
                size: "small",
                delayMs: 300,
              },
            },
            {
              name: "c",
              inputs: {
                size: "small",
                peer: {
                  $ref: "a.address",
                },
              },
            },
          ],
        },
      },
      {
        do: "up",
        program: {
          resources: [],
        },
      },
    ],
  },
  {
    name: "failing-update",
    about: "a failing update keeps the old state",
    steps: [
      {
        do: "up",
        program: {
          resources: [
            {
              name: "a",
              inputs: {
                size: "small",
              },
            },
          ],
        },
      },
      {
        do: "up",
        program: {
          resources: [
            {
              name: "a",
              inputs: {
                size: "large",
                fail: "update",
              },
            },
          ],
        },
      },
      {
        do: "up",
        program: {
          resources: [
            {
              name: "a",
              inputs: {
                size: "small",
              },
            },
          ],
        },
      },
    ],
  },
  {
    name: "ignore-changes",
    about: "ignoreChanges on one property, then on all",
    steps: [
      {
        do: "up",
        program: {
          resources: [
            {
              name: "a",
              inputs: {
                size: "small",
                color: "red",
              },
              options: {
                ignoreChanges: ["color"],
              },
            },
          ],
        },
      },
      {
        do: "up",
        program: {
          resources: [
            {
              name: "a",
              inputs: {
                size: "small",
                color: "blue",
              },
              options: {
                ignoreChanges: ["color"],
              },
            },
          ],
        },
      },
      {
        do: "up",
        program: {
          resources: [
            {
              name: "a",
              inputs: {
                size: "large",
                color: "blue",
              },
              options: {
                ignoreChanges: ["*"],
              },
            },
          ],
        },
      },
    ],
  },
  {
    name: "interrupted",
    about: "SIGINT during slow creates: running steps finish, nothing new starts, the lock goes",
    steps: [
      {
        do: "up",
        program: {
          resources: [
            {
              name: "a",
              inputs: {
                size: "small",
                delayMs: 2500,
              },
            },
            {
              name: "b",
              inputs: {
                size: "small",
                peer: {
                  $ref: "a.address",
                },
              },
            },
          ],
        },
        interrupt: {
          signal: "SIGINT",
        },
      },
      {
        do: "up",
        program: {
          resources: [
            {
              name: "a",
              inputs: {
                size: "small",
                delayMs: 0,
              },
            },
          ],
        },
      },
    ],
  },
  {
    name: "invoke",
    about: "functions: one good, one refused",
    steps: [
      {
        do: "up",
        program: {
          resources: [
            {
              name: "a",
              inputs: {
                size: "small",
              },
            },
          ],
          invokes: {
            v: {
              key: "k",
            },
          },
        },
      },
      {
        do: "up",
        program: {
          resources: [
            {
              name: "a",
              inputs: {
                size: "small",
              },
            },
          ],
          invokes: {
            v: {
              key: "bad",
            },
          },
        },
      },
    ],
  },
  {
    name: "killed",
    about:
      "SIGKILL during three creates: lock and pending operations; next update refused; after removing the lock it goes on with a warning",
    steps: [
      {
        do: "up",
        program: {
          resources: [
            {
              name: "z",
              inputs: {
                size: "small",
              },
            },
          ],
        },
      },
      {
        do: "up",
        program: {
          resources: [
            {
              name: "z",
              inputs: {
                size: "small",
              },
            },
            {
              name: "k1",
              inputs: {
                size: "small",
                delayMs: 2500,
              },
            },
            {
              name: "k2",
              inputs: {
                size: "small",
                delayMs: 2500,
              },
            },
            {
              name: "k3",
              inputs: {
                size: "small",
                delayMs: 2500,
              },
            },
          ],
        },
        interrupt: {
          signal: "SIGKILL",
        },
      },
      {
        do: "up",
        program: {
          resources: [
            {
              name: "z",
              inputs: {
                size: "small",
              },
            },
          ],
        },
      },
      {
        unlock: true,
      },
      {
        do: "up",
        program: {
          resources: [
            {
              name: "z",
              inputs: {
                size: "small",
              },
            },
          ],
        },
      },
      {
        cli: ["refresh", "--yes", "--skip-preview", "--clear-pending-creates", "--stack", "dev"],
      },
    ],
  },
  {
    name: "locked",
    about: "a second update while one runs",
    steps: [
      {
        do: "up",
        program: {
          resources: [
            {
              name: "a",
              inputs: {
                size: "small",
                delayMs: 2500,
              },
            },
          ],
        },
        second: {},
      },
    ],
  },
  {
    name: "parallel",
    about: "five slow creates with parallel 1 and with the default",
    steps: [
      {
        do: "up",
        program: {
          resources: [
            {
              name: "p1",
              inputs: {
                size: "small",
                delayMs: 150,
              },
            },
            {
              name: "p2",
              inputs: {
                size: "small",
                delayMs: 150,
              },
            },
            {
              name: "p3",
              inputs: {
                size: "small",
                delayMs: 150,
              },
            },
            {
              name: "p4",
              inputs: {
                size: "small",
                delayMs: 150,
              },
            },
            {
              name: "p5",
              inputs: {
                size: "small",
                delayMs: 150,
              },
            },
          ],
        },
        options: {
          parallel: 1,
        },
      },
      {
        do: "up",
        program: {
          resources: [
            {
              name: "p6",
              inputs: {
                size: "small",
                delayMs: 150,
              },
            },
            {
              name: "p7",
              inputs: {
                size: "small",
                delayMs: 150,
              },
            },
            {
              name: "p8",
              inputs: {
                size: "small",
                delayMs: 150,
              },
            },
            {
              name: "p9",
              inputs: {
                size: "small",
                delayMs: 150,
              },
            },
          ],
        },
      },
    ],
  },
  {
    name: "preview",
    about: "preview of create, update, replace, delete changes nothing",
    steps: [
      {
        do: "preview",
        program: {
          resources: [
            {
              name: "a",
              inputs: {
                size: "small",
              },
            },
          ],
        },
      },
      {
        do: "up",
        program: {
          resources: [
            {
              name: "a",
              inputs: {
                size: "small",
              },
            },
            {
              name: "d",
              inputs: {
                size: "small",
              },
            },
            {
              name: "r",
              inputs: {
                size: "small",
                forceNew: ["size"],
              },
            },
          ],
        },
      },
      {
        do: "preview",
        program: {
          resources: [
            {
              name: "a",
              inputs: {
                size: "large",
              },
            },
            {
              name: "r",
              inputs: {
                size: "large",
                forceNew: ["size"],
              },
            },
            {
              name: "n",
              inputs: {
                size: "small",
                peer: {
                  $ref: "r.address",
                },
              },
            },
          ],
        },
      },
    ],
  },
  {
    name: "protect-retain",
    about: "protect refuses deletion; retainOnDelete forgets without deleting",
    steps: [
      {
        do: "up",
        program: {
          resources: [
            {
              name: "a",
              inputs: {
                size: "small",
              },
              options: {
                protect: true,
              },
            },
            {
              name: "b",
              inputs: {
                size: "small",
              },
              options: {
                retainOnDelete: true,
              },
            },
          ],
        },
      },
      {
        do: "up",
        program: {
          resources: [],
        },
      },
      {
        do: "up",
        program: {
          resources: [
            {
              name: "a",
              inputs: {
                size: "small",
              },
              options: {
                protect: false,
              },
            },
          ],
        },
      },
      {
        do: "up",
        program: {
          resources: [],
        },
      },
    ],
  },
  {
    name: "refresh",
    about: "refresh after a change and a disappearance in the world, then up again",
    steps: [
      {
        do: "up",
        program: {
          resources: [
            {
              name: "a",
              inputs: {
                size: "small",
              },
            },
            {
              name: "b",
              inputs: {
                size: "small",
              },
              options: {
                dependsOn: ["a"],
              },
            },
          ],
        },
      },
      {
        world: "change",
        id: "thing-1",
        set: {
          size: "huge",
        },
      },
      {
        world: "remove",
        ids: ["thing-2"],
      },
      {
        do: "refresh",
      },
      {
        do: "up",
        program: {
          resources: [
            {
              name: "a",
              inputs: {
                size: "small",
              },
            },
            {
              name: "b",
              inputs: {
                size: "small",
              },
              options: {
                dependsOn: ["a"],
              },
            },
          ],
        },
      },
    ],
  },
  {
    name: "replace-create-first",
    about: "a changed forceNew property: new one first, then the old one deleted",
    steps: [
      {
        do: "up",
        program: {
          resources: [
            {
              name: "a",
              inputs: {
                size: "small",
                forceNew: ["size"],
              },
            },
          ],
        },
      },
      {
        do: "up",
        program: {
          resources: [
            {
              name: "a",
              inputs: {
                size: "large",
                forceNew: ["size"],
              },
            },
          ],
        },
      },
    ],
  },
  {
    name: "secrets",
    about: "secret inputs, secret outputs of the provider, additionalSecretOutputs, in state and in events",
    steps: [
      {
        do: "up",
        program: {
          resources: [
            {
              name: "a",
              inputs: {
                size: "small",
                password: {
                  $secret: "hunter2",
                },
                withToken: true,
              },
            },
            {
              name: "b",
              inputs: {
                size: "small",
                copy: {
                  $ref: "a.token",
                },
              },
              options: {
                additionalSecretOutputs: ["address"],
              },
            },
          ],
          outputs: {
            token: {
              $ref: "a.token",
            },
            plain: {
              $ref: "a.address",
            },
            hidden: {
              $ref: "b.address",
            },
          },
        },
      },
      {
        cli: ["stack", "output", "--json", "--stack", "dev"],
      },
      {
        cli: ["stack", "output", "--json", "--show-secrets", "--stack", "dev"],
      },
      {
        do: "up",
        program: {
          resources: [
            {
              name: "a",
              inputs: {
                size: "small",
                password: {
                  $secret: "hunter2",
                },
                withToken: true,
              },
            },
          ],
        },
      },
    ],
  },
  {
    name: "stack-commands",
    about: "ls, output, export, rm refused while resources exist, rm",
    steps: [
      {
        do: "up",
        program: {
          resources: [
            {
              name: "a",
              inputs: {
                size: "small",
              },
            },
          ],
          outputs: {
            ip: {
              $ref: "a.address",
            },
          },
        },
      },
      {
        cli: ["stack", "ls", "--json"],
      },
      {
        cli: ["stack", "output", "ip", "--stack", "dev"],
      },
      {
        cli: ["stack", "export", "--stack", "dev"],
      },
      {
        cli: ["stack", "rm", "dev", "--yes"],
      },
      {
        cli: ["stack", "select", "nope"],
      },
      {
        cli: ["up", "--yes", "--skip-preview", "--stack", "nope"],
      },
      {
        cli: ["stack", "init", "dev"],
      },
      {
        cli: ["stack", "init", "bad name"],
      },
      {
        do: "destroy",
      },
      {
        cli: ["stack", "rm", "dev", "--yes"],
      },
      {
        cli: ["stack", "ls", "--json"],
      },
    ],
  },
  {
    name: "timeouts",
    about: "customTimeouts reach the provider in seconds",
    steps: [
      {
        do: "up",
        program: {
          resources: [
            {
              name: "a",
              inputs: {
                size: "small",
              },
              options: {
                customTimeouts: {
                  create: "2m",
                  update: "90s",
                  delete: "1h",
                },
              },
            },
          ],
        },
      },
      {
        do: "up",
        program: {
          resources: [
            {
              name: "a",
              inputs: {
                size: "large",
              },
              options: {
                customTimeouts: {
                  create: "2m",
                  update: "90s",
                  delete: "1h",
                },
              },
            },
          ],
        },
      },
      {
        do: "up",
        program: {
          resources: [],
        },
      },
    ],
  },
];
