import { Button, TextInput } from "@mantine/core";
import { type FormEvent, useState } from "react";
import { isWholeCode, pair, showCode } from "./api.ts";
import { deviceFetch } from "./device.ts";
import { Mark } from "./icons.tsx";
import classes from "./pair-screen.module.css";
import type { Pairing } from "./storage.ts";
import { pairingTrouble } from "./wording.ts";

interface PairScreenProps {
  /** The server does not know this tablet any more. */
  refused?: boolean;
  onPaired: (pairing: Pairing) => void;
}

/** Asks for the code that staff were given. */
export const PairScreen = ({ refused = false, onPaired }: PairScreenProps) => {
  const [code, setCode] = useState("");
  const [trouble, setTrouble] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    if (!isWholeCode(code)) return setTrouble("A code has eight letters and digits, like K7QM-4XRD.");
    setBusy(true);
    setTrouble(null);
    const result = await pair(deviceFetch, code);
    setBusy(false);
    if (result.ok) onPaired(result.pairing);
    else setTrouble(pairingTrouble(result));
  };

  return (
    <main className={classes.page}>
      <div className={classes.sheet}>
        <p className={classes.brand}>
          <Mark className={classes.mark} /> MakrCave
        </p>
        <h1 className={classes.title}>{refused ? "This tablet was disconnected" : "Pair this tablet"}</h1>
        <p className={classes.lead}>
          {refused
            ? "It shows nothing until it is paired again. Ask the staff for a new code."
            : "Staff get a code when they add a tablet to a machine. It works once, for ten minutes."}
        </p>
        <form className={classes.form} onSubmit={submit} noValidate>
          <TextInput
            label="Pairing code"
            placeholder="K7QM-4XRD"
            value={code}
            onChange={(event) => setCode(showCode(event.currentTarget.value))}
            error={trouble !== null}
            aria-describedby="trouble"
            size="xl"
            classNames={{ input: classes.code, label: classes.label }}
            autoComplete="off"
            autoCapitalize="characters"
            autoCorrect="off"
            spellCheck={false}
            enterKeyHint="go"
          />
          <p id="trouble" className={classes.trouble} role="alert">
            {trouble}
          </p>
          <Button type="submit" size="xl" fullWidth loading={busy}>
            Pair
          </Button>
        </form>
      </div>
    </main>
  );
};
