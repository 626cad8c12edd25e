/** The part of node-postgres that the peer uses; the package brings no types. */
declare module "pg" {
  interface QueryConfig {
    /** Prepared once per connection under this name. */
    name: string;
    text: string;
    values: readonly unknown[];
  }

  interface QueryResult<Row> {
    rows: Row[];
  }

  export class Pool {
    constructor(config: { connectionString: string; max: number });
    query<Row>(query: QueryConfig | string): Promise<QueryResult<Row>>;
    on(event: "error", listener: (error: Error) => void): this;
    end(): Promise<void>;
  }
}
