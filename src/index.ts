export { AttemptsObject } from "../durable-objects/attempts/object.ts";
export { EquipmentObject } from "../durable-objects/equipment/object.ts";
export { FloorObject } from "../durable-objects/floor/object.ts";

export default {
  fetch: async (): Promise<Response> => new Response("not yet", { status: 503 }),
};
