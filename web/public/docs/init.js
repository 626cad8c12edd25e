// validatorUrl null: the document is not sent to anybody's validator.
SwaggerUIBundle({
  url: "/openapi.json",
  dom_id: "#docs",
  deepLinking: true,
  // Modules first: unfolded at once, so many operations are more than it renders.
  docExpansion: "none",
  filter: true,
  persistAuthorization: false,
  validatorUrl: null,
});
