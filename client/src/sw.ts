/**
 * The service worker: keeps the application's shell, so that it opens without a network. Nothing of anybody is kept here:
 * what the server answers to the application, and what members write, never passes through its cache.
 */

// The compiler's library for pages knows no service workers: as much of one as is used.
interface Lasting extends Event {
  waitUntil(work: Promise<unknown>): void;
}

interface Fetching extends Lasting {
  readonly request: Request;
  respondWith(response: Promise<Response>): void;
}

interface ServiceWorker {
  skipWaiting(): Promise<void>;
  readonly clients: { claim(): Promise<void> };
  addEventListener(kind: "install" | "activate", listener: (event: Lasting) => void): void;
  addEventListener(kind: "fetch", listener: (event: Fetching) => void): void;
}

const worker = self as unknown as ServiceWorker;
const SHELL = "lounge shell";
const PAGE = "/";
const PART = /(?:src|href)="(\/(?:assets\/[^"]+|icon\.svg))"/g;

worker.addEventListener("install", (event) => {
  event.waitUntil(fetch(PAGE).then(keepPage).then(() => worker.skipWaiting()));
});

worker.addEventListener("activate", (event) => {
  event.waitUntil(worker.clients.claim());
});

worker.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== location.origin) return;
  if (request.mode === "navigate") event.respondWith(navigate(event));
  else if (url.pathname.startsWith("/assets/") || url.pathname === "/icon.svg") event.respondWith(part(request));
});

/** The page as the server has it now, or as it had it last. */
async function navigate(event: Fetching): Promise<Response> {
  try {
    const response = await fetch(event.request);
    if (response.status >= 500) return (await caches.match(PAGE)) ?? response;
    if (response.ok && response.headers.get("content-type")?.startsWith("text/html")) event.waitUntil(keepPage(response.clone()));
    return response;
  } catch {
    return (await caches.match(PAGE)) ?? Response.error();
  }
}

/** Parts bear their content in their name: what is kept is right. What was needed once is kept as well, such as a language. */
async function part(request: Request): Promise<Response> {
  const kept = await caches.match(request);
  if (kept !== undefined) return kept;
  const response = await fetch(request);
  if (response.ok) await (await caches.open(SHELL)).put(request, response.clone());
  return response;
}

/** What a page needs to open, and its views. */
function partsOf(html: string): string[] {
  return [...html.matchAll(PART)].map((match) => match[1]!).concat(named(html, "views"));
}

/** What the build has beside that: kept where it was needed. */
function othersOf(html: string): string[] {
  return named(html, "parts");
}

function named(html: string, name: string): string[] {
  const found = new RegExp(`<meta name="${name}" content="([^"]*)"`).exec(html)?.[1];
  return found ? found.split(" ") : [];
}

/** Keeps a page with its parts. Those of the page before stay for one turn: it may be open still. */
async function keepPage(response: Response): Promise<void> {
  if (!response.ok) throw new Error(`the page was answered by ${response.status}`);
  const cache = await caches.open(SHELL);
  const before = await (await cache.match(PAGE))?.text();
  const html = await response.clone().text();
  const parts = partsOf(html);
  const held = new Set((await cache.keys()).map((request) => new URL(request.url).pathname));
  await cache.addAll(parts.filter((one) => !held.has(one)));
  await cache.put(PAGE, response);
  const wanted = new Set([PAGE, ...parts, ...othersOf(html), ...partsOf(before ?? "")]);
  await Promise.all([...held].filter((path) => !wanted.has(path)).map((path) => cache.delete(path)));
}
