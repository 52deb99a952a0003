import assert from "node:assert/strict";
import { createServer, type AddressInfo, type Socket } from "node:net";
import { once } from "node:events";
import { SetupError, UnavailableError, type HeadroomError } from "../../runtime/model/errors";
import { connect } from "../../runtime/store/postgres-connection";
import { PostgresStore } from "../../runtime/store/postgres";
import { onDatabase, testServer, withDatabase } from "../support/postgres";
import { realClock } from "../../runtime/model/real-clock";

/** The error of opening a store; fails when it opens, or when the error gives a secret away. */
async function openError(connectionString: string, secret = "hunter2"): Promise<HeadroomError> {
  try {
    await PostgresStore.open({ connectionString, clock: realClock, holder: "test", onLost: () => undefined });
  } catch (error) {
    assert.ok(error instanceof SetupError || error instanceof UnavailableError);
    for (let cause: unknown = error; cause instanceof Error; cause = cause.cause) {
      assert.ok(!`${cause.message}${cause.stack}${JSON.stringify(cause)}`.includes(secret));
    }
    assert.ok(!error.message.includes("\n"));
    return error;
  }
  throw new Error("it opened");
}

describe("a PostgreSQL server of the user's own", () => {
  it("that does not run is named, with what to check", async () => {
    const error = await openError("postgresql://me:hunter2@127.0.0.1:1/headroom");

    assert.ok(error instanceof UnavailableError);
    assert.match(
      error.message,
      /^PostgreSQL at me@127\.0\.0\.1:1\/headroom can't be reached .*ECONNREFUSED.*check the address/,
    );
  });

  it("whose host does not exist is a set-up error", async () => {
    const error = await openError("postgresql://me:hunter2@no-such-host.invalid/headroom");

    assert.match(error.message, /no-such-host\.invalid/);
  });

  it("that refuses the password says so without printing it", async () => {
    const url = new URL((await testServer()).connectionString);
    url.password = "hunter2";

    const error = await openError(url.href);
    assert.ok(error instanceof SetupError);
    assert.match(error.message, /refused the password; correct user and password/);
  });

  it("that has no such database says so", async () => {
    const error = await openError(onDatabase((await testServer()).connectionString, "missing"));

    assert.ok(error instanceof SetupError);
    assert.match(error.message, /\/missing has no such database; create it first/);
  });

  it("where the user may not create the schema says which rights it needs", async () => {
    await withDatabase(async (connectionString) => {
      const client = await connect(connectionString);
      await client.query("drop role if exists guest");
      await client.query("create role guest login password 'hunter2'");
      await client.end();
      const url = new URL(connectionString);
      url.username = "guest";
      url.password = "hunter2";

      const error = await openError(url.href);
      assert.ok(error instanceof SetupError);
      assert.match(error.message, /does not give this user the rights it needs; grant CREATE/);
    });
  });

  it("whose schema is newer is refused", async () => {
    await withDatabase(async (connectionString) => {
      const options = { connectionString, clock: realClock, holder: "test", onLost: () => undefined };
      await (await PostgresStore.open(options)).close();
      const client = await connect(connectionString);
      await client.query("insert into headroom.migration values (999, now())");
      await client.end();

      const error = await openError(connectionString);
      assert.match(error.message, /schema version 999 and this runtime knows \d+; start the newer version/);
    });
  });

  it("that is something else is refused", async () => {
    const sockets: Socket[] = [];
    const server = createServer((socket) => {
      sockets.push(socket);
      socket.end("HTTP/1.1 400 Bad Request\r\n\r\n");
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;

    const error = await openError(`postgresql://me:hunter2@127.0.0.1:${port}/headroom`);
    assert.match(error.message, new RegExp(`^PostgreSQL at me@127\\.0\\.0\\.1:${port}/headroom`));
    for (const socket of sockets) socket.destroy();
    server.close();
  });

  it("with a connection string that can't be read is refused", async () => {
    const error = await openError("postgresql://me:hunter2@[broken");

    assert.ok(error instanceof SetupError);
    assert.match(error.message, /can't be read; use postgresql:/);
  });

  it("is migrated by two runtimes at the same time", async () => {
    await withDatabase(async (connectionString) => {
      const abort = new AbortController();
      const options = { connectionString, clock: realClock, holder: "test", onLost: () => undefined };
      const opening = ["a", "b"].map((leaseName) =>
        PostgresStore.open({ ...options, leaseName, signal: abort.signal }),
      );
      const stores = await Promise.all(opening);

      assert.deepEqual(
        stores.map(({ epoch }) => epoch),
        [1, 1],
      );
      for (const store of stores) await store.close();
    });
  });
});
