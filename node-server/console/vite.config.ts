/** Builds the console's page into `dist/`, which the server serves as it is. */
import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

export default defineConfig({
  root: new URL("page", import.meta.url).pathname,
  base: "./",
  publicDir: new URL("../../desktop/ui/public", import.meta.url).pathname,
  plugins: [react()],
  build: { outDir: "../dist", emptyOutDir: true, assetsInlineLimit: 0, chunkSizeWarningLimit: 1500 },
});
