/** `npm run seed [-- <url>]`: brings the demo into a system that runs already. */
import { seedDemo } from "./lib/seed.ts";

const url = process.argv[2] ?? `http://127.0.0.1:${process.env.PORT ?? "8787"}`;
console.log((await seedDemo(url)) ? `Demo added to ${url}` : `The demo is in ${url} already`);
