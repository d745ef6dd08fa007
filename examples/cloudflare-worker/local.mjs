// Runs the Worker on this machine, in workerd with a KV of its own that is gone afterwards.
//
//     CACHEKIT_API_KEY=a-token-of-16-to-256-characters node local.mjs
//
// Prints where it listens, as one line of JSON, and ends when its standard input does.

import { createHash } from "node:crypto";
import { fileURLToPath } from "node:url";

import { Log, LogLevel, Miniflare } from "miniflare";

const token = process.env.CACHEKIT_API_KEY;
if (!token) {
  console.error("set CACHEKIT_API_KEY to a token of 16 to 256 characters");
  process.exit(2);
}

const worker = new Miniflare({
  log: new Log(LogLevel.ERROR),
  host: "127.0.0.1",
  port: Number(process.env.PORT ?? 0),
  modules: true,
  modulesRules: [{ type: "ESModule", include: ["**/*.js"] }],
  scriptPath: fileURLToPath(new URL("src/worker.js", import.meta.url)),
  compatibilityDate: "2025-09-01",
  kvNamespaces: ["ENTRIES"],
  bindings: { BASE: "/api", TOKENS: createHash("sha256").update(token).digest("hex") },
});

const { origin } = await worker.ready;
console.log(JSON.stringify({ listening: `${origin}/api` }));

process.stdin.resume();
process.stdin.on("end", async () => {
  await worker.dispose();
  process.exit(0);
});
