/** Where the tablet's logic meets React. */

import { useEffect, useMemo, useState, useSyncExternalStore } from "react";
import { devicePorts, deviceStore, isOutdated, keepAwake, onDeviceChange } from "./device.ts";
import { type SessionState, TabletSession } from "./session.ts";
import type { Pairing } from "./storage.ts";

const HOUR_MS = 3_600_000;

/** The live state of a paired tablet. */
export const useTablet = (pairing: Pairing): SessionState => {
  const session = useMemo(() => new TabletSession(pairing, devicePorts(pairing), deviceStore()), [pairing]);
  useEffect(() => {
    session.start();
    const forget = onDeviceChange(session.check);
    return () => {
      forget();
      session.stop();
    };
  }, [session]);
  return useSyncExternalStore(session.subscribe, session.state);
};

/** The device's clock, anew at each full second of it. */
export const useNow = (): number => {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout>;
    const tick = () => {
      setNow(Date.now());
      timer = setTimeout(tick, 1_000 - (Date.now() % 1_000));
    };
    tick();
    return () => clearTimeout(timer);
  }, []);
  return now;
};

/** A screen on a wall: it stays on, and takes a new version of this page within the hour. */
export const useWallScreen = (): void => {
  useEffect(keepAwake, []);
  useEffect(() => {
    const timer = setInterval(async () => {
      if (await isOutdated()) window.location.reload();
    }, HOUR_MS);
    return () => clearInterval(timer);
  }, []);
};
