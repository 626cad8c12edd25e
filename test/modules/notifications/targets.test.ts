/** Where a webhook may point: never into a private network, however it is spelled. */

import { afterEach, describe, expect, it, vi } from "vitest";
import { isPublicAddress, targetFault } from "../../../src/modules/webhooks/model.ts";
import { sendOnce } from "../../../src/modules/webhooks/sending/request.ts";
import { config } from "../../../src/platform/env.ts";

describe("a target", () => {
  it.each([
    "https://hooks.example.org/a?b=c",
    "https://example.com",
    "https://example.com:443/x",
    "https://local.example.com",
    "https://xn--bcher-kva.example.com/",
  ])("may be %s", (url) => {
    expect(targetFault(url, [])).toBeNull();
  });

  it.each([
    "http://example.com",
    "ftp://example.com",
    "file:///etc/passwd",
    "https://example.com:8443",
    "https://user@example.com",
    "https://user:pass@example.com",
    "https://127.0.0.1",
    "https://2130706433",
    "https://0x7f000001",
    "https://0177.0.0.1",
    "https://127.1",
    "https://0",
    "https://10.0.0.8",
    "https://169.254.169.254/latest/meta-data",
    "https://[::1]/",
    "https://[::ffff:127.0.0.1]/",
    "https://[::ffff:7f00:1]/",
    "https://[fd00::1]/",
    "https://localhost",
    "https://LOCALHOST.",
    "https://a.localhost",
    "https://printer.local",
    "https://metadata.google.internal",
    "https://metadata",
    "https://router.lan",
    "https://x.home.arpa",
    "https://①②⑦.⓪.⓪.①",
    "not a url",
    "",
  ])("may not be %s", (url) => {
    expect(targetFault(url, [])).toEqual(expect.any(String));
  });

  it("may be what the configuration of a development system lets pass, to the letter", () => {
    const allowed = ["http://127.0.0.1:9000"];
    expect(targetFault("http://127.0.0.1:9000/a", allowed)).toBeNull();
    expect(targetFault("http://127.0.0.1:9001/a", allowed)).not.toBeNull();
    expect(targetFault("http://127.0.0.1:9000@example.com/", allowed)).not.toBeNull();
    expect(targetFault("http://user:pass@127.0.0.1:9000/", allowed)).not.toBeNull();
  });
});

describe("an address", () => {
  it.each([
    "1.1.1.1",
    "8.8.8.8",
    "100.63.255.255",
    "100.128.0.0",
    "172.15.0.1",
    "172.32.0.1",
    "2606:4700::1111",
    "2a00:1450:4001::8",
  ])("%s is public", (address) => {
    expect(isPublicAddress(address)).toBe(true);
  });

  it.each([
    "0.0.0.0",
    "10.1.2.3",
    "100.64.0.1",
    "100.127.255.255",
    "127.0.0.1",
    "169.254.169.254",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.1",
    "192.168.1.1",
    "198.18.0.1",
    "198.19.255.255",
    "203.0.113.7",
    "224.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::ffff:10.0.0.1",
    "::ffff:a00:1",
    "64:ff9b::a00:1",
    "fc00::1",
    "fd12:3456::1",
    "fe80::1",
    "ff02::1",
    "2001:db8::1",
    "2001::1",
    "2002:a00:1::",
    "3fff::1",
    "1.2.3",
    "1.2.3.4.5",
    "nonsense",
    "",
    "2606:4700:::1",
    "2606",
  ])("%s is not", (address) => {
    expect(isPublicAddress(address)).toBe(false);
  });
});

describe("a name", () => {
  const RESOLVER = "https://resolver.example.net/dns-query";
  const TARGET = "https://hooks.example.org/in";
  const { WEBHOOK_RESOLVER } = config;

  afterEach(() => {
    config.WEBHOOK_RESOLVER = WEBHOOK_RESOLVER;
    vi.restoreAllMocks();
  });

  interface Says {
    A?: string[];
    AAAA?: string[];
  }

  /** A world in which the resolver says this of the target, and after the call that; null is a resolver that does not answer. */
  async function sendWhere(before: Says | null, after: Says | null = before) {
    config.WEBHOOK_RESOLVER = RESOLVER;
    const asked: string[] = [];
    const start = (stream: ReadableStreamDefaultController) => {
      stream.enqueue(new TextEncoder().encode("thank you"));
      stream.close();
    };
    vi.spyOn(globalThis, "fetch").mockImplementation(async (input) => {
      const url = new URL(String(input));
      asked.push(url.origin + url.pathname);
      if (url.origin + url.pathname !== RESOLVER) return new Response(new ReadableStream({ start }));
      const says = asked.includes(TARGET) ? after : before;
      if (says === null) throw new TypeError("no route");
      const type = url.searchParams.get("type") === "A" ? "A" : "AAAA";
      const Answer = (says[type] ?? []).map((data) => ({ type: type === "A" ? 1 : 28, data }));
      // The way there may lead over another name.
      return Response.json({ Status: 0, Answer: [{ type: 5, data: "elsewhere.example.org." }, ...Answer] });
    });
    const { error, answer } = await sendOnce(TARGET, {}, "{}");
    return { error, called: asked.includes(TARGET), body: answer?.body ?? null };
  }

  it("is asked of the resolver before each call, and called only where every address of it is public", async () => {
    const taken = { error: null, called: true, body: "thank you" };
    expect(await sendWhere({ A: ["93.184.216.34"] })).toEqual(taken);
    expect(await sendWhere({ AAAA: ["2606:2800:220:1::1"] })).toEqual(taken);
    const refused = { error: "forbidden_target", called: false, body: null };
    expect(await sendWhere({ A: ["10.0.0.1"] })).toEqual(refused);
    expect(await sendWhere({ A: ["93.184.216.34", "127.0.0.1"] })).toEqual(refused);
    expect(await sendWhere({ A: ["93.184.216.34"], AAAA: ["::ffff:192.168.0.1"] })).toEqual(refused);
    expect(await sendWhere({ A: ["169.254.169.254"] })).toEqual(refused);
  });

  it("that nobody knows, or that cannot be asked for, is not called", async () => {
    expect(await sendWhere({})).toEqual({ error: "unresolved", called: false, body: null });
    expect(await sendWhere(null)).toEqual({ error: "unresolved", called: false, body: null });
  });

  it("that means a private server as soon as it was called tells nothing of what answered", async () => {
    const [open, shut] = [{ A: ["93.184.216.34"] }, { A: ["169.254.169.254"] }];
    expect(await sendWhere(open, shut)).toEqual({ error: "forbidden_target", called: true, body: null });
    expect(await sendWhere(open, null)).toEqual({ error: "unresolved", called: true, body: null });
    expect(await sendWhere(open, { A: ["93.184.216.35"] })).toMatchObject({ error: null, body: "thank you" });
  });
});
