import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

const page = (name: string) => new URL(`./${name}.html`, import.meta.url).pathname;

export default defineConfig({
  root: new URL(".", import.meta.url).pathname,
  plugins: [react()],
  build: {
    outDir: new URL("../dist/assets", import.meta.url).pathname,
    emptyOutDir: true,
    assetsDir: "static",
    // A strict policy allows neither data: styles nor an inline loader.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rolldownOptions: {
      input: { index: page("index"), invite: page("invite"), problems: page("problems"), tablet: page("tablet") },
    },
  },
});
