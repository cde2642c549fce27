/** Builds the page that every shell shows. */
import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

export default defineConfig({
  root: new URL("renderer", import.meta.url).pathname,
  base: "./",
  publicDir: new URL("ui/public", import.meta.url).pathname,
  plugins: [react()],
  build: { outDir: "../dist/page", emptyOutDir: true, assetsInlineLimit: 0, chunkSizeWarningLimit: 1500 },
});
