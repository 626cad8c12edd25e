/** The look of Mantine's parts on the tablet, in a way that a strict Content-Security-Policy lets through. */

import {
  convertCssVariables,
  createTheme,
  DEFAULT_THEME,
  defaultCssVariablesResolver,
  mergeMantineTheme,
} from "@mantine/core";

export const theme = createTheme({
  primaryColor: "teal",
  primaryShade: { light: 9, dark: 8 },
  autoContrast: true,
  luminanceThreshold: 0.179,
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
