/** Answers how many milliseconds the application takes to load: its script compiled and its top level run. */

// The application lies beside this module under that name; it is not part of this bundle.
const application = "./app.js";

export default {
  async fetch(request: Request): Promise<Response> {
    if (new URL(request.url).pathname !== "/load") return new Response(null, { status: 204 });
    const started = Date.now();
    try {
      await import(application);
    } catch (error) {
      // The reason is what whoever runs this needs.
      return new Response(String(error), { status: 500 });
    }
    return Response.json(Date.now() - started);
  },
};
