import { useMemo, useState } from "react";
import { BoardScreen } from "./board-screen.tsx";
import { deviceStore, deviceWall } from "./device.ts";
import { useNow, useTablet, useWallScreen } from "./hooks.ts";
import { MachineScreen } from "./machine-screen.tsx";
import { PairScreen } from "./pair-screen.tsx";
import { linkOf } from "./session.ts";
import { loadPairing, type Pairing, savePairing } from "./storage.ts";
import { inOrder } from "./view.ts";

/** The tablet: paired it shows its machines, otherwise it asks for a code. */
export const App = () => {
  const [pairing, setPairing] = useState(() => loadPairing(deviceStore()));
  const keep = (fresh: Pairing) => {
    savePairing(deviceStore(), fresh);
    setPairing(fresh);
  };
  return pairing ? (
    <Paired key={pairing.tablet_id} pairing={pairing} onPaired={keep} />
  ) : (
    <PairScreen onPaired={keep} />
  );
};

const Paired = ({ pairing, onPaired }: { pairing: Pairing; onPaired: (pairing: Pairing) => void }) => {
  useWallScreen();
  const state = useTablet(pairing);
  const now = useNow();
  const machines = inOrder(state.view?.machines ?? [], pairing.equipment_ids);
  const timezone = machines[0]?.timezone;
  const wall = useMemo(() => deviceWall(timezone), [timezone]);
  if (state.phase === "refused") return <PairScreen refused onPaired={onPaired} />;

  const { view, phase } = state;
  const shown = {
    label: pairing.label,
    link: linkOf(state, now),
    wall,
    now: now + (view?.offset_ms ?? 0),
    heardAgo: view ? now - view.heard_at : null,
  };
  return pairing.equipment_ids.length === 1 ? (
    <MachineScreen {...shown} machine={machines[0] ?? null} gone={phase === "gone"} />
  ) : (
    <BoardScreen {...shown} machines={machines} loading={view === null} />
  );
};
