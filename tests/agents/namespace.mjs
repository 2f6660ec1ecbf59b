// Runs agents where they reach a gateway and nothing else. The namespace is left by one socket in the file system, behind which
// this process passes bytes on to the gateway.

import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import net from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Where an agent finds the gateway: as a user does who started `wardgate dev`. */
const PORT = "8080";
/** Far more than a session takes. */
const TIME_MAX_MS = 120_000;
/** Leaves these tests out on machines that permit no namespaces. */
const LEAVE_OUT = "WARDGATE_TESTS_WITHOUT_NAMESPACES";

const folder = import.meta.dirname ?? new URL(".", import.meta.url).pathname;

/** How a namespace is made here; whoever is not root needs to be root of a namespace of users. */
function way() {
  const ways = [["--net"], ["--map-root-user", "--net"]];
  const tried = ways.map((options) => [options, spawnSync("unshare", [...options, "ip", "link", "set", "lo", "up"])]);
  const found = tried.find(([, done]) => done.status === 0);
  if (found) return found[0];
  if (process.env[LEAVE_OUT] === "1") return null;
  const said = tried.map(([, done]) => done.stderr?.toString().trim() || done.error?.message).join("; ");
  throw new Error(`this machine permits no network namespaces (${said}); set ${LEAVE_OUT}=1 to leave these tests out`);
}

const options = way();

/** Why there is nothing to test here, for the runner; false where there is. */
export const skip = options === null && "skipped by the machine: it permits no network namespaces";

/** A gateway's door into namespaces. */
export class Door {
  #folder = mkdtempSync(join(tmpdir(), "wardgate-agents-"));
  #server;

  constructor(gatewayUrl) {
    const { hostname, port } = new URL(gatewayUrl);
    this.#server = net.createServer((inner) => {
      const gateway = net.connect(Number(port), hostname);
      inner.pipe(gateway).pipe(inner);
      inner.on("error", () => gateway.destroy());
      gateway.on("error", () => inner.destroy());
    });
    this.#server.listen(this.#socket);
  }

  get #socket() {
    return join(this.#folder, "gateway");
  }

  /** A new empty directory. */
  directory() {
    return mkdtempSync(join(this.#folder, "home-"));
  }

  /** Runs a command inside with this environment and no other, and returns what it said. */
  async run(command, args, env) {
    const home = env.HOME;
    const inside = [...options, process.execPath, join(folder, "inside.mjs"), this.#socket, PORT, command, ...args];
    const path = `${join(folder, "node_modules/.bin")}:${process.env.PATH}`;
    const child = spawn("unshare", inside, { env: { PATH: path, ...env }, cwd: home, stdio: ["ignore", "pipe", "pipe"] });
    const timer = setTimeout(() => child.kill("SIGKILL"), TIME_MAX_MS);
    const said = { out: "", err: "" };
    child.stdout.on("data", (data) => (said.out += data));
    child.stderr.on("data", (data) => (said.err += data));
    said.code = await new Promise((resolve) => child.on("close", resolve));
    clearTimeout(timer);
    return said;
  }

  close() {
    this.#server.close();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
