/** Looks through files by asking somebody over HTTP: the file is the body, the answer is `{"clean": true}` or `{"clean": false}`. */

import type { Scan } from "../../modules/files/index.ts";

/** How long the scanner may take. */
const ANSWER_WITHIN = 15_000;

/** More than any verdict says. */
const MAX_ANSWER = 4_096;

const verdictIn = (text: string): boolean => {
  const answer = JSON.parse(text) as unknown;
  const clean = typeof answer === "object" && answer !== null && "clean" in answer ? answer.clean : undefined;
  if (typeof clean !== "boolean") throw new Error("the scanner's answer says nothing");
  return clean;
};

/** A scanner at this address. What is no verdict is no yes: it throws. */
export const httpScan =
  (url: string, token: string | null): Scan =>
  async ({ stream, size }) => {
    const { readable, writable } = new FixedLengthStream(size);
    const sent = stream.pipeTo(writable).catch(() => undefined);
    const response = await fetch(url, {
      method: "POST",
      redirect: "manual",
      headers: { "content-type": "application/octet-stream", ...(token && { authorization: `Bearer ${token}` }) },
      body: readable,
      signal: AbortSignal.timeout(ANSWER_WITHIN),
    });
    if (!response.ok) {
      await response.body?.cancel();
      throw new Error(`the scanner answered ${response.status}`);
    }
    const text = await response.text();
    await sent;
    if (text.length > MAX_ANSWER) throw new Error("the scanner's answer is no verdict");
    return { clean: verdictIn(text) };
  };
