/** A request as the resources describe it. */
export interface Call {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  path: readonly string[];
  query?: object | undefined;
  body?: object;
  headers?: Record<string, string | undefined>;
  /** Whether carrying it out twice does what carrying it out once does. */
  isRepeatable: boolean;
}
