/** The load generator of the doors benchmark: a process that sends what it is told to and says when all is answered. */
import { Connection } from "./connection";

export interface DoorsOrder {
  readonly port: number;
  readonly path: string;
  readonly requests: number;
}

const clients = 8;

async function run({ port, path, requests }: DoorsOrder): Promise<void> {
  const request = `GET ${path} HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\n\r\n`;
  let left = requests;
  const client = async () => {
    const connection = await Connection.open(port);
    while (left > 0) {
      left -= 1;
      const { status } = await connection.ask(request);
      if (status !== 200) throw new Error(`answered with ${status}`);
    }
    connection.close();
  };
  await Promise.all(Array.from({ length: clients }, client));
}

process.on("message", (order: DoorsOrder) => {
  void run(order).then(() => process.send!("done"));
});
