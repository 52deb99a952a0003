// Ends with 0 when the runtime of this container answers. A standby is healthy, too; whether it may get requests is /readyz.
import { get as getHttp } from "node:http";
import { get as getHttps } from "node:https";

const { HEADROOM_TLS_CERT, HEADROOM_PORT = "8700" } = process.env;
const get = HEADROOM_TLS_CERT === undefined ? getHttp : getHttps;
const options = {
  host: "127.0.0.1",
  port: HEADROOM_PORT,
  path: "/livez",
  timeout: 4_000,
  // It asks this machine, by an address that is in no certificate, and sends nothing.
  rejectUnauthorized: false,
};
const end = (isHealthy) => process.exit(isHealthy ? 0 : 1);
get(options, ({ statusCode }) => end(statusCode === 200))
  .on("timeout", () => end(false))
  .on("error", () => end(false));
