// Runs a command where nothing but one gateway can be reached: in a network namespace whose only interface is its own loopback,
// and there on one port, which leads through a socket in the file system to the gateway outside.
//
// node inside.mjs <socket> <port> <command> [arguments…]

import { spawn, spawnSync } from "node:child_process";
import net from "node:net";
import os from "node:os";

const [socket, port, command, ...rest] = process.argv.slice(2);
const up = spawnSync("ip", ["link", "set", "lo", "up"], { stdio: "inherit" });
if (up.status !== 0) throw new Error("the loopback interface cannot be brought up");
const others = Object.keys(os.networkInterfaces()).filter((name) => name !== "lo");
if (others.length > 0) throw new Error(`this is no namespace of its own: it has ${others}`);

const bridge = net.createServer((client) => {
  const gateway = net.connect(socket);
  client.pipe(gateway).pipe(client);
  client.on("error", () => gateway.destroy());
  gateway.on("error", () => client.destroy());
});
bridge.listen(Number(port), "127.0.0.1", () => {
  const child = spawn(command, rest, { stdio: "inherit" });
  child.on("error", (error) => {
    console.error(error.message);
    process.exit(127);
  });
  child.on("exit", (code, signal) => process.exit(code ?? (signal ? 128 : 1)));
});
