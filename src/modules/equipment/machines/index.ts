export { machineNames, machinesById, unknownMachines } from "./known.ts";
export { archive } from "./retirement.ts";
export { machineFact } from "./service.ts";
export { type MachineRow, requireMachine } from "./view.ts";
