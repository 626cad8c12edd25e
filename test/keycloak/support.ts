/** A person in front of Keycloak's own pages, and a program at its token endpoint: over HTTP, with nothing of a client library in between. */

import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";

export interface Tokens {
  access_token: string;
  id_token?: string;
  refresh_token?: string;
}

const base64url = (bytes: Buffer): string => bytes.toString("base64url");

/** Browsers keep cookies; this one does so for one host. */
class Browser {
  readonly #cookies = new Map<string, string>();

  async open(url: string, form?: Record<string, string>): Promise<Response> {
    const cookie = [...this.#cookies].map(([name, value]) => `${name}=${value}`).join("; ");
    const response = await fetch(url, {
      method: form ? "POST" : "GET",
      redirect: "manual",
      headers: { cookie },
      body: form ? new URLSearchParams(form) : null,
    });
    for (const line of response.headers.getSetCookie()) {
      const [, name = "", value = ""] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      this.#cookies.set(name, value);
    }
    return response;
  }
}

export interface SignInOptions {
  issuer: string;
  /** Where the code is sent; nothing listens there. */
  redirect_uri: string;
  username: string;
  password: string;
}

const endpoint = (issuer: string, name: string): string => `${issuer}/protocol/openid-connect/${name}`;

/** Trades something for tokens. */
export async function askForTokens(issuer: string, form: Record<string, string>): Promise<Response> {
  return fetch(endpoint(issuer, "token"), { method: "POST", body: new URLSearchParams(form) });
}

/** The address of the login page's form. */
function formAction(html: string): string {
  const action = /<form[^>]*id="kc-form-login"[^>]*action="([^"]+)"/.exec(html)?.[1];
  assert(action, "the login page has a form");
  return action.replaceAll("&amp;", "&");
}

/** Authorization code with PKCE, through the login form. */
export async function signInWithBrowser({ issuer, redirect_uri, username, password }: SignInOptions): Promise<Tokens> {
  const browser = new Browser();
  const code_verifier = base64url(randomBytes(32));
  const state = base64url(randomBytes(12));
  const query = new URLSearchParams({
    client_id: "makrcave-web",
    redirect_uri,
    response_type: "code",
    scope: "openid",
    state,
    code_challenge: base64url(createHash("sha256").update(code_verifier).digest()),
    code_challenge_method: "S256",
  });
  const page = await browser.open(`${endpoint(issuer, "auth")}?${query}`);
  assert.equal(page.status, 200, "the login page is shown");
  const sent = await browser.open(formAction(await page.text()), { username, password, credentialId: "" });
  assert.equal(sent.status, 302, "the form is accepted");
  const back = new URL(sent.headers.get("location") ?? "");
  assert.equal(back.origin + back.pathname, redirect_uri);
  assert.equal(back.searchParams.get("state"), state);
  const code = back.searchParams.get("code") ?? "";
  const common = { grant_type: "authorization_code", client_id: "makrcave-web", redirect_uri, code };
  const answer = await askForTokens(issuer, { ...common, code_verifier });
  assert.equal(answer.status, 200, "the code is traded for tokens");
  return (await answer.json()) as Tokens;
}

/** What Keycloak answers to an authorization request without PKCE: the error it sends back. */
export async function withoutPkce(issuer: string, redirect_uri: string): Promise<string | null> {
  const query = new URLSearchParams({
    client_id: "makrcave-web",
    redirect_uri,
    response_type: "code",
    scope: "openid",
  });
  const answer = await new Browser().open(`${endpoint(issuer, "auth")}?${query}`);
  return new URL(answer.headers.get("location") ?? "http://none/").searchParams.get("error");
}

/** Ends the session at Keycloak as a page does: it then tells our back channel. */
export async function endSession(issuer: string, { id_token = "" }: Tokens, redirect_uri: string): Promise<number> {
  const query = new URLSearchParams({ id_token_hint: id_token, post_logout_redirect_uri: redirect_uri });
  return (await new Browser().open(`${endpoint(issuer, "logout")}?${query}`)).status;
}

/** Keycloak's admin API, as the administrator of the realm `master`. */
export async function administer(url: string, password: string) {
  const form = { grant_type: "password", client_id: "admin-cli", username: "admin", password };
  const answer = await askForTokens(`${url}/realms/master`, form);
  const { access_token } = (await answer.json()) as Tokens;
  return async (method: string, path: string, body?: object): Promise<Response> => {
    const response = await fetch(`${url}/admin/realms/makrcave${path}`, {
      method,
      headers: { authorization: `Bearer ${access_token}`, "content-type": "application/json" },
      body: body ? JSON.stringify(body) : null,
    });
    assert(response.ok, `${method} ${path} answered ${response.status} ${await response.clone().text()}`);
    return response;
  };
}

/** A part of a token, unverified. */
export const read = (token: string, part: "header" | "payload"): Record<string, unknown> =>
  JSON.parse(Buffer.from(token.split(".")[part === "header" ? 0 : 1] ?? "", "base64url").toString()) as Record<
    string,
    unknown
  >;
