import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { brotliCompressSync, gzipSync } from "node:zlib";
import react from "@vitejs/plugin-react";
import type { Plugin, ServerOptions } from "vite";
import { defineConfig } from "vitest/config";

/** The function that serves the files has no time to compress them. */
function compressed(folder: string): Plugin {
  return {
    name: "compressed",
    apply: "build",
    closeBundle() {
      for (const name of readdirSync(folder, { recursive: true, encoding: "utf8" })) {
        if (!/\.(css|html|js|json|svg)$/.test(name)) continue;
        const content = readFileSync(`${folder}/${name}`);
        if (content.length < 1000) continue;
        writeFileSync(`${folder}/${name}.br`, brotliCompressSync(content));
        writeFileSync(`${folder}/${name}.gz`, gzipSync(content, { level: 9 }));
      }
    },
  };
}

/** For `npm run dev`: the pages as they are being written, in front of the API of a running local stack (GROUNDWORK_STACK: its folder). */
function inFrontOfLocalStack(): ServerOptions {
  const addresses = `${process.env.GROUNDWORK_STACK ?? "../.local"}/stack.json`;
  if (!existsSync(addresses)) return {};
  const api = new URL((JSON.parse(readFileSync(addresses, "utf8")) as { api_url: string }).api_url);
  const proxy = { target: api.origin, rewrite: (path: string) => `${api.pathname.replace(/\/$/, "")}${path}` };
  // The frames of worker pages are of no origin.
  return { host: "127.0.0.1", strictPort: true, cors: true, proxy: { "/console/config.json": proxy, "^/(?!console/)": proxy } };
}

const BUILT = "../functions/show_console/web";

// Relative addresses: the stack serves the files under the API's own path, which differs between a laptop and AWS.
export default defineConfig(({ command }) => ({
  base: command === "serve" ? "/console/" : "./",
  server: command === "serve" && !process.env.VITEST ? inFrontOfLocalStack() : {},
  plugins: [react(), compressed(BUILT)],
  build: {
    target: "es2022",
    sourcemap: false,
    outDir: BUILT,
    emptyOutDir: true,
    rollupOptions: { input: readdirSync(".").filter((name) => name.endsWith(".html")) },
  },
  test: { environment: "happy-dom", include: ["src/**/*.test.{ts,tsx}"] },
}));
