/** What the page asks of the device: its storage, its sockets and timers, a screen that stays on. The only file that knows the browser's globals. */

import { requestTicket } from "./api.ts";
import type { Wall } from "./clock.ts";
import type { ConnectionPorts } from "./connection.ts";
import type { Pairing, Store } from "./storage.ts";

/** localStorage, or null where the browser forbids it. */
export const deviceStore = (): Store | null => {
  try {
    return window.localStorage;
  } catch {
    return null;
  }
};

export const deviceFetch = (url: string, init: RequestInit): Promise<Response> => fetch(url, init);

/** Sockets, timers and tickets of the real world for one paired tablet. */
export const devicePorts = (pairing: Pairing): ConnectionPorts => ({
  ticket: () => requestTicket(deviceFetch, pairing),
  open: (url, events) => {
    const socket = new WebSocket(url);
    socket.onopen = () => events.opened();
    socket.onmessage = ({ data }) => events.received(String(data));
    socket.onclose = ({ code }) => events.closed(code);
    return {
      send: (text) => socket.readyState === WebSocket.OPEN && socket.send(text),
      close: () => socket.close(),
    };
  },
  after: (ms, run) => {
    const timer = setTimeout(run, ms);
    return () => clearTimeout(timer);
  },
  now: Date.now,
  random: Math.random,
});

/** 2:30 pm or 14:30, as this device's owner reads it; the zone is the makerspace's. */
export const deviceWall = (timezone?: string): Wall => {
  const { hour12, timeZone } = new Intl.DateTimeFormat(undefined, { hour: "numeric" }).resolvedOptions();
  return { timezone: timezone ?? timeZone, hour12: hour12 ?? false };
};

/** Calls `look` when the device says that its network or its screen changed; the result stops it. */
export const onDeviceChange = (look: () => void): (() => void) => {
  const shown = () => document.visibilityState === "visible" && look();
  window.addEventListener("online", look);
  window.addEventListener("offline", look);
  document.addEventListener("visibilitychange", shown);
  return () => {
    window.removeEventListener("online", look);
    window.removeEventListener("offline", look);
    document.removeEventListener("visibilitychange", shown);
  };
};

/** Keeps the screen on while the page is shown, where the browser can; the result lets it sleep again. */
export const keepAwake = (): (() => void) => {
  let lock: WakeLockSentinel | null = null;
  const hold = () => {
    if (document.visibilityState !== "visible" || !("wakeLock" in navigator)) return;
    // Refused on low battery: the screen then sleeps as the device wishes.
    navigator.wakeLock.request("screen").then(
      (granted) => {
        lock = granted;
      },
      () => {},
    );
  };
  hold();
  document.addEventListener("visibilitychange", hold);
  return () => {
    document.removeEventListener("visibilitychange", hold);
    void lock?.release();
  };
};

/** True when the server now gives out another page than the one that runs here; a failed look says nothing. */
export const isOutdated = async (): Promise<boolean> => {
  const script = document.querySelector<HTMLScriptElement>("script[type=module][src]");
  try {
    const response = await fetch("/tablet", { cache: "no-store" });
    const page = response.ok ? await response.text() : "";
    return page.includes('<div id="tablet"') && script !== null && !page.includes(script.getAttribute("src") ?? "");
  } catch {
    return false;
  }
};
