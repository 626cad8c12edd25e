import "@mantine/core/styles/baseline.css";
import "@mantine/core/styles/global.css";
import "@mantine/core/styles/UnstyledButton.css";
import "@mantine/core/styles/Loader.css";
import "@mantine/core/styles/Button.css";
import "@mantine/core/styles/Input.css";
import "@mantine/core/styles/Badge.css";
import "@mantine/core/styles/Progress.css";
import "./tokens.css";
import { MantineProvider } from "@mantine/core";
import { createRoot } from "react-dom/client";
import { App } from "./app.tsx";
import { adoptTheme, theme } from "./theme.ts";

const RETRY_MS = 30_000;

const place = document.getElementById("tablet");
if (!place) throw new Error("tablet.html has no #tablet");

adoptTheme();
// Nobody stands beside a wall screen to reload it.
createRoot(place, { onUncaughtError: () => setTimeout(() => window.location.reload(), RETRY_MS) }).render(
  <MantineProvider theme={theme} defaultColorScheme="auto" withCssVariables={false} withGlobalClasses={false}>
    <App />
  </MantineProvider>,
);
