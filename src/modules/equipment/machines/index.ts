export { archive } from "./retirement.ts";
export { machineFact } from "./service.ts";
export { type MachineRow, requireMachine } from "./view.ts";
