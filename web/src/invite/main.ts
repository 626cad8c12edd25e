/** The page behind the link of an invitation: what it is for, and the code that accepts it. */

interface Preview {
  makerspace: { name: string };
  role: string;
  invited_by: string | null;
  expires_at: string;
}

const roles: Readonly<Record<string, string>> = {
  user: "a member",
  service_provider: "a service provider",
  admin: "staff",
  makerspace_admin: "an administrator",
};

const element = (id: string): HTMLElement => {
  const found = document.getElementById(id);
  if (!found) throw new Error(`the page has no ${id}`);
  return found;
};

const when = (iso: string): string =>
  new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "short" }).format(new Date(iso));

/** What to say of an answer. Everything is set as text: nothing of it is markup. */
async function tell(response: Response, token: string): Promise<void> {
  if (response.status === 429) {
    element("told").textContent = "Too many tries from here. Wait a few minutes and open the link again.";
    return;
  }
  if (!response.ok) {
    element("told").textContent = "This invitation was used, was replaced or is over. Ask for a new one.";
    return;
  }
  const { makerspace, role, invited_by, expires_at } = (await response.json()) as Preview;
  element("title").textContent = makerspace.name;
  const who = invited_by === null ? "You are invited" : `${invited_by} invites you`;
  element("told").textContent = `${who} as ${roles[role] ?? role}. The invitation is good until ${when(expires_at)}.`;
  element("code").textContent = token;
  element("how").hidden = false;
}

const token = new URLSearchParams(location.search).get("token") ?? "";
// The token is a credential: it stays neither in the address bar nor in the history.
history.replaceState(null, "", location.pathname);
try {
  const response = await fetch("/api/v1/invites/preview", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ token }),
  });
  await tell(response, token);
} catch {
  element("told").textContent = "The server cannot be reached. Open the link again in a while.";
}

// Makes this file a module, so that it may wait.
export {};
