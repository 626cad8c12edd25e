export { machineFact, requireMachine } from "./service.ts";
export type { MachineRow } from "./view.ts";
