import { defineConfig } from "vitest/config";
import { catalogues } from "./build/catalogue.ts";
import { parts } from "./build/parts.ts";

const FIRST = /node_modules\/(preact|@preact|idb|@messageformat)|src\/(design\/parts\.tsx|words|domain|protocol|views\/(cases|router|later|look|places|state|tour|door|keyboard))|virtual:words\/en-GB/;

export default defineConfig({
  plugins: [catalogues(), parts()],
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  build: {
    outDir: "../lounge/static",
    emptyOutDir: true,
    target: "es2023",
    license: true,
    rollupOptions: {
      input: { main: "index.html", sw: "src/sw.ts" },
      // A service worker rules what lies beside and below it, and is known by its name: it lies on top, under the same one.
      output: {
        // What the first view needs in one part: over a slow line each file more is a round trip more.
        advancedChunks: { groups: [{ name: "base", test: FIRST }] },
        entryFileNames: (chunk) => (chunk.name === "sw" ? "sw.js" : "assets/[name]-[hash].js"),
      },
    },
  },
  server: {
    proxy: {
      "/live": { target: "ws://127.0.0.1:8000", ws: true },
      "/api": "http://127.0.0.1:8000",
    },
  },
  test: { environment: "happy-dom", include: ["test/**/*.test.{ts,tsx}"] },
});
