import { defineConfig } from "vitest/config";
import { catalogues } from "./build/catalogue.ts";

export default defineConfig({
  plugins: [catalogues()],
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  build: {
    outDir: "../lounge/static",
    emptyOutDir: true,
    target: "es2023",
    license: true,
    rollupOptions: {
      input: { main: "index.html", sw: "src/sw.ts" },
      // A service worker rules what lies beside and below it, and is known by its name: it lies on top, under the same one.
      output: { entryFileNames: (chunk) => (chunk.name === "sw" ? "sw.js" : "assets/[name]-[hash].js") },
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
