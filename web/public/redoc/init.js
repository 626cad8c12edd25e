const font = '"Segoe UI", Roboto, "Helvetica Neue", "Noto Sans", "Liberation Sans", Arial, sans-serif';

Redoc.init(
  "/openapi.json",
  {
    hideDownloadButtons: false,
    theme: {
      colors: { primary: { main: "#0b6b4b" } },
      typography: { fontFamily: font, headings: { fontFamily: font } },
    },
  },
  document.getElementById("redoc"),
);
