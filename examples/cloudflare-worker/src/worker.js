// Entries of cachekit in Workers KV, behind the first rows of its HTTP protocol (docs/http.md).
//
// What is kept is sealed before it comes here: this Worker sees names that say nothing and bytes
// that nobody here can open. It has no key to lose.

const LONGEST_NAME = 400; // bytes; KV takes 512, and the key space stands before the name
const LARGEST_ENTRY = 25 * 1024 * 1024; // bytes, KV's own limit
const LONGEST_TTL = 30 * 24 * 3600 * 1000; // milliseconds
const DEFAULT_TTL = 3600 * 1000; // milliseconds, where a writer names none
const SHORTEST_KV_TTL = 60; // seconds: KV keeps nothing for less

export default {
  /** Answers one request. */
  async fetch(request, env) {
    try {
      return await route(request, env);
    } catch (refusal) {
      if (refusal instanceof Refusal) return refusal.response();
      // What went wrong may quote the request, so it is not repeated to anybody.
      return new Refusal(500, "internal", "the Worker failed").response();
    }
  },
};

async function route(request, env) {
  const prefix = `${env.BASE ?? ""}/v1/cache/`;
  const space = await keySpace(request, env);
  const { pathname, search } = new URL(request.url);
  if (!pathname.startsWith(prefix) || search) throw noSuchPath();
  const [name, ...rest] = pathname.slice(prefix.length).split("/");
  if (name === "health" && rest.length === 0) return only(request, { GET: health });
  const entry = { kv: env.ENTRIES, key: `${space}:${nameOf(name)}`, request };
  if (rest.length === 0) return only(request, { GET: read, HEAD: look, PUT: write, DELETE: remove }, entry);
  if (rest.length === 1 && rest[0] === "ttl") return only(request, { GET: life, PATCH: extend }, entry);
  throw noSuchPath();
}

function only(request, handlers, entry) {
  const handler = Object.hasOwn(handlers, request.method) && handlers[request.method];
  if (!handler) throw new Refusal(405, "method_not_allowed", "not with this method");
  // Conditions need compare-and-set, which KV has not. Overlooked, they would be promises broken.
  for (const condition of ["if-match", "if-none-match"]) {
    if (request.headers.has(condition)) throw new Refusal(501, "unsupported", "KV cannot compare");
  }
  return handler(entry);
}

/** Features beyond the first rows: times to live in milliseconds, and nothing else. */
function health() {
  return Response.json({
    version: "cloudflare-worker/1",
    features: ["ttl-ms"],
    limits: { largest_entry: LARGEST_ENTRY, longest_name: LONGEST_NAME },
  });
}

async function read({ kv, key }) {
  const { value, metadata } = await kv.getWithMetadata(key, "stream");
  if (!isAlive(value, metadata)) {
    await value?.cancel();
    throw notFound();
  }
  return new Response(value, { headers: headersOf(metadata) });
}

async function look({ kv, key }) {
  const { value, metadata } = await kv.getWithMetadata(key, "stream");
  await value?.cancel();
  return isAlive(value, metadata)
    ? new Response(null, { headers: headersOf(metadata) })
    : new Response(null, { status: 404 });
}

async function write({ kv, key, request }) {
  const ttl = lifetime(request.headers);
  if (Number(request.headers.get("content-length")) > LARGEST_ENTRY) throw tooLarge();
  const value = await request.arrayBuffer();
  if (value.byteLength > LARGEST_ENTRY) throw tooLarge();
  const metadata = { ends: Date.now() + ttl, etag: `"${await sha256(value)}"`, length: value.byteLength };
  await put(kv, key, value, metadata);
  return new Response(null, { headers: { etag: metadata.etag } });
}

async function remove({ kv, key }) {
  const { value, metadata } = await kv.getWithMetadata(key, "stream");
  await value?.cancel();
  await kv.delete(key);
  if (!isAlive(value, metadata)) throw notFound();
  return new Response(null, { status: 204 });
}

async function life({ kv, key }) {
  const { value, metadata } = await kv.getWithMetadata(key, "stream");
  await value?.cancel();
  if (!isAlive(value, metadata)) throw notFound();
  return remaining(metadata);
}

/** Writes the entry again, because KV cannot change a time to live alone. Whoever writes meanwhile may be undone. */
async function extend({ kv, key, request }) {
  const ttl = lifetimeOf(await json(request));
  const { value, metadata } = await kv.getWithMetadata(key, "arrayBuffer");
  if (!isAlive(value, metadata)) throw notFound();
  const longer = { ...metadata, ends: Date.now() + ttl };
  await put(kv, key, value, longer);
  return remaining(longer);
}

/** KV keeps an entry for a minute at least. The entry itself says when it ends, and is not served after. */
function put(kv, key, value, metadata) {
  const seconds = Math.ceil((metadata.ends - Date.now()) / 1000);
  return kv.put(key, value, { expirationTtl: Math.max(seconds, SHORTEST_KV_TTL), metadata });
}

function isAlive(value, metadata) {
  return value !== null && metadata !== null && Date.now() < metadata.ends;
}

function headersOf({ etag, length }) {
  return {
    "content-type": "application/octet-stream",
    "content-length": String(length),
    "cache-control": "no-store",
    etag,
  };
}

function remaining({ ends }) {
  const millis = Math.max(1, ends - Date.now());
  return Response.json({ ttl: Math.ceil(millis / 1000), ttl_ms: millis });
}

/** A token has a key space of its own. Known are only the tokens' SHA-256: whoever reads the Worker's settings cannot ask. */
async function keySpace(request, env) {
  const [, token] = /^Bearer ([\x21-\x7e]{16,256})$/.exec(request.headers.get("authorization") ?? "") ?? [];
  const digest = token && (await sha256(new TextEncoder().encode(token)));
  // Digests are compared, so the time it takes tells nothing about a token.
  const known = (env.TOKENS ?? "").split(",").map((hex) => hex.trim()).includes(digest);
  if (!known) throw new Refusal(401, "unauthorized", "no token, or not one that is known");
  return digest.slice(0, 32);
}

/** One path segment, decoded once. What is not a name is refused and never repaired. */
function nameOf(segment) {
  let name;
  try {
    name = decodeURIComponent(segment);
  } catch {
    throw badName();
  }
  const bytes = new TextEncoder().encode(name).length;
  if (bytes < 1 || bytes > LONGEST_NAME || /[\u0000-\u001f\u007f-\u009f]/.test(name)) throw badName();
  if ([".", "..", "health"].includes(name)) throw badName();
  return name;
}

/** Of a write's headers; milliseconds win. */
function lifetime(headers) {
  const millis = headers.get("x-cachekit-ttl-ms");
  if (millis !== null) return bounded(millis, 1);
  const seconds = headers.get("x-cachekit-ttl") ?? headers.get("x-ttl");
  return seconds === null ? DEFAULT_TTL : bounded(seconds, 1000);
}

function lifetimeOf(body) {
  if (body?.ttl_ms !== undefined) return bounded(JSON.stringify(body.ttl_ms), 1);
  return bounded(JSON.stringify(body?.ttl) ?? "", 1000);
}

/** Decimal digits alone, and thirty days at most. A header sent twice has a comma in it. */
function bounded(text, unit) {
  const millis = /^[0-9]{1,10}$/.test(text) ? Number(text) * unit : 0;
  if (millis < 1 || millis > LONGEST_TTL) {
    throw new Refusal(400, "bad_ttl", "a time to live is a whole number, above zero and up to thirty days");
  }
  return millis;
}

async function json(request) {
  const text = await request.text();
  try {
    return JSON.parse(text);
  } catch {
    throw new Refusal(400, "bad_body", "the body is not JSON");
  }
}

async function sha256(bytes) {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** A request that is answered with an error. */
class Refusal extends Error {
  constructor(status, code, message) {
    super(message);
    this.status = status;
    this.code = code;
  }

  response() {
    const error = { code: this.code, message: this.message };
    return Response.json({ error }, { status: this.status });
  }
}

const notFound = () => new Refusal(404, "not_found", "no such entry");
const noSuchPath = () => new Refusal(404, "no_such_path", "nothing is at this path");
const badName = () => new Refusal(400, "bad_name", "not the name of an entry");
const tooLarge = () => new Refusal(413, "too_large", "larger than KV takes");
