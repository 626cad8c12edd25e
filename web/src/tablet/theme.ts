/** The look of Mantine's parts on the tablet, in a way that a strict Content-Security-Policy lets through. */

import {
  colorsTuple,
  convertCssVariables,
  createTheme,
  DEFAULT_THEME,
  defaultCssVariablesResolver,
  mergeMantineTheme,
} from "@mantine/core";

/** The workshop's green; white text on 6 and darker stays readable. */
const green = colorsTuple([
  "#e6f4ee",
  "#cfe8dd",
  "#a3d3be",
  "#73bd9d",
  "#4aa881",
  "#2a9169",
  "#0b6b4b",
  "#095a3f",
  "#074a34",
  "#053a29",
]);

export const theme = createTheme({
  primaryColor: "green",
  colors: { green },
  primaryShade: 6,
  defaultRadius: "lg",
  respectReducedMotion: true,
  fontFamily: "var(--font)",
});

/** The theme's variables through a constructed style sheet: Mantine's own <style> element would need 'unsafe-inline'. */
export const adoptTheme = (): void => {
  const variables = defaultCssVariablesResolver(mergeMantineTheme(DEFAULT_THEME, theme));
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(convertCssVariables(variables));
  document.adoptedStyleSheets = [sheet];
};
