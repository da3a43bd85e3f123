import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

// Relative addresses: the stack serves the files under the API's own path, which differs between a laptop and AWS.
export default defineConfig({
  base: "./",
  plugins: [react()],
  build: {
    target: "es2022",
    sourcemap: false,
    rollupOptions: { input: { console: "index.html", portal: "work.html" } },
  },
  test: { environment: "happy-dom", include: ["src/**/*.test.{ts,tsx}"] },
});
