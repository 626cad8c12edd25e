/** Labels to print: a page of HTML that needs nothing else, with a QR code per machine. Pure. */

import { renderSVG } from "uqr";

/** As much of a machine as stands on its label. */
export interface Labelled {
  id: string;
  code: string;
  name: string;
  location: string | null;
}

/** What the QR code of a machine says: the address under which its page opens, whatever tablet hangs beside it. */
export const labelUrl = (app_url: string, makerspace_id: string, equipment_id: string): string =>
  `${app_url}/m/${makerspace_id}/${equipment_id}`;

const entities: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};
const escaped = (text: string): string => text.replaceAll(/[&<>"']/g, (char) => entities[char] ?? "");

// Eight on a page of A4, cut along thin lines; a label is never torn by the end of a page.
const style = `
  @page { size: A4; margin: 10mm }
  * { box-sizing: border-box }
  body { margin: 0; font: 11pt/1.3 system-ui, sans-serif; color: #000; background: #fff }
  main { display: grid; grid-template-columns: 1fr 1fr }
  section { height: 66mm; padding: 5mm; border: 0.2mm dashed #999; display: flex; gap: 5mm; align-items: center; break-inside: avoid }
  svg { width: 48mm; height: 48mm; flex: none }
  div { min-width: 0; overflow: hidden }
  h2 { margin: 0 0 2mm; font-size: 15pt; overflow-wrap: anywhere }
  p { margin: 0; overflow-wrap: anywhere }
  .code { font: 600 12pt ui-monospace, monospace }`;

function label({ code, name, location }: Labelled, url: string): string {
  const svg = renderSVG(url, { ecc: "M", border: 2 });
  const place = location === null ? "" : `<p>${escaped(location)}</p>`;
  return `<section>${svg}<div><h2>${escaped(name)}</h2><p class="code">${escaped(code)}</p>${place}</div></section>`;
}

/** The page: machines in the order in which they come. */
export function labelSheet(title: string, machines: readonly Labelled[], urlOf: (id: string) => string): string {
  const labels = machines.map((machine) => label(machine, urlOf(machine.id))).join("\n");
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>${escaped(title)}</title><style>${style}</style></head>
<body><main>
${labels}
</main></body></html>
`;
}
