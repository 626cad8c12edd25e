/** Everything one run found, as it goes to bench/.results.json. */
import type { DecisionResult } from "../parts/decision.ts";
import type { EndpointResult } from "../parts/endpoints.ts";
import type { SizeResult } from "../parts/size.ts";
import type { FanOutResult } from "../parts/sockets.ts";
import type { CaseResult } from "../parts/throughput.ts";

export interface Machine {
  cores: number;
  model: string;
  memory_gb: number;
  node: string;
  workerd: string;
  postgres: string | null;
  /** One-minute load average before the run: what else the machine had to do. */
  load_before: number;
}

export interface Results {
  at: string;
  kind: "full" | "quick";
  seconds: number;
  machine: Machine;
  cases: CaseResult[];
  decisions: DecisionResult[];
  endpoints: EndpointResult[];
  endpoint_sizes: readonly [number, number];
  fan_out: FanOutResult[];
  size: SizeResult;
}
