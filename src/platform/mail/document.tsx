/** @jsxImportSource hono/jsx */
/** What a mail says, once: rendered as text and as HTML in the makerspace's colours. Everything that people wrote is escaped by the renderer. */

import type { Settings } from "../settings/sections.ts";

/** A piece of a mail. */
export type MailBlock =
  | { kind: "text"; text: string }
  /** What somebody wrote, as they wrote it. */
  | { kind: "quote"; text: string }
  /** The one thing to do. */
  | { kind: "action"; label: string; url: string }
  | { kind: "facts"; rows: readonly (readonly [label: string, value: string])[] };

/** A mail without its looks. */
export interface MailDocument {
  subject: string;
  greeting: string;
  blocks: readonly MailBlock[];
  /** Why the reader gets it, below the line. */
  because: string;
}

/** Whose mail it is. */
export interface MailBrand {
  /** The makerspace. */
  name: string;
  theme: Settings["appearance"];
}

/** Line breaks and other control characters have no place in a header. */
export const oneLine = (text: string): string =>
  text
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is taken out.
    .replaceAll(/[\u0000-\u001f\u007f\u0085\u2028\u2029\s]+/g, " ")
    .trim();

function blockText(block: MailBlock): string {
  switch (block.kind) {
    case "text":
      return block.text;
    case "quote":
      return block.text
        .split(/\r?\n/)
        .map((line) => `> ${line}`)
        .join("\n");
    case "action":
      return `${block.label}:\n${block.url}`;
    case "facts":
      return block.rows.map(([label, value]) => `${label}: ${value}`).join("\n");
  }
}

function toText({ greeting, blocks, because }: MailDocument, { name }: MailBrand): string {
  return `${[greeting, ...blocks.map(blockText), `-- \n${name}\n${because}`].join("\n\n")}\n`;
}

const paragraph = "margin:0 0 16px;white-space:pre-line;overflow-wrap:anywhere";

function Block({ block, theme }: { block: MailBlock; theme: MailBrand["theme"] }) {
  switch (block.kind) {
    case "text":
      return <p style={paragraph}>{block.text}</p>;
    case "quote":
      return (
        <blockquote style={`${paragraph};padding:0 0 0 12px;border-left:4px solid ${theme.accent}`}>
          {block.text}
        </blockquote>
      );
    case "action":
      return (
        <p style="margin:24px 0">
          <a
            href={block.url}
            style={`display:inline-block;padding:12px 20px;border-radius:6px;font-weight:600;text-decoration:none;color:${theme.text};background:${theme.primary}`}
          >
            {block.label}
          </a>
        </p>
      );
    case "facts":
      return (
        <dl style="margin:0 0 16px">
          {block.rows.map(([label, value]) => (
            <div key={label} style="margin:0 0 4px">
              <dt style="display:inline;font-weight:600">{label}:</dt> <dd style="display:inline;margin:0">{value}</dd>
            </div>
          ))}
        </dl>
      );
  }
}

const Html = ({ document, brand }: { document: MailDocument; brand: MailBrand }) => (
  <html lang="en">
    <head>
      <meta charset="utf-8" />
      <meta name="viewport" content="width=device-width, initial-scale=1" />
      <meta name="color-scheme" content={brand.theme.mode} />
      <title>{document.subject}</title>
    </head>
    <body
      style={`margin:0;padding:24px 16px;font:16px/1.5 system-ui,sans-serif;color:${brand.theme.text};background:${brand.theme.background}`}
    >
      <div style="max-width:560px;margin:0 auto">
        <p style={`margin:0 0 24px;padding:0 0 12px;font-weight:700;border-bottom:4px solid ${brand.theme.primary}`}>
          {brand.name}
        </p>
        <p style={paragraph}>{document.greeting}</p>
        {document.blocks.map((block) => (
          <Block key={JSON.stringify(block)} block={block} theme={brand.theme} />
        ))}
        <p style="margin:32px 0 0;font-size:14px;opacity:0.8">{document.because}</p>
      </div>
    </body>
  </html>
);

/** Renders a mail. The subject is put on one line; nothing else of it is a header. */
export function renderMail(
  document: MailDocument,
  brand: MailBrand,
): { subject: string; text: string; html: string; from_name: string } {
  const one = { ...document, subject: oneLine(document.subject) };
  const html = `<!doctype html>${(<Html document={one} brand={brand} />).toString()}`;
  return { subject: one.subject, text: toText(one, brand), html, from_name: oneLine(brand.name) };
}
