import type { ErrorPayload } from './types.js';

/** What every error of this package has in common. */
export class AsteriError extends Error {
  /**
   * The `Idempotency-Key` that the request was sent under, where it had one. Send the same request again with
   * `{ idempotencyKey }` to learn what became of it: it is carried out once, however often it arrives.
   */
  readonly idempotencyKey: string | undefined;

  constructor(message: string, idempotencyKey?: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
    this.idempotencyKey = idempotencyKey;
  }
}

/** No answer came, on the last try either; `cause` is what `fetch` threw. What became of the request is unknown. */
export class AsteriConnectionError extends AsteriError {}

/** No answer came within `timeoutMs`, on the last try either. */
export class AsteriTimeoutError extends AsteriConnectionError {}

/** The API refused a request, or failed. */
export class AsteriApiError extends AsteriError {
  /** The HTTP status. */
  readonly status: number;
  /** What the API said: `error` is its message; the other keys depend on the status. */
  readonly payload: ErrorPayload;
  /** How many seconds the API asks to wait before the next try, where it does. */
  readonly retryAfter: number | undefined;
  /** The id under which the API has logged the request. */
  readonly requestId: string | undefined;
  /** The version of the contract that answered. */
  readonly contractVersion: string | undefined;
  /** Every header of the answer, such as `location`: on a 409 it leads to the customer that holds the value. */
  readonly headers: Headers;

  constructor(status: number, payload: ErrorPayload, headers: Headers, idempotencyKey?: string) {
    super(`${status} ${sentence(payload)}`, idempotencyKey);
    this.status = status;
    this.payload = payload;
    this.headers = headers;
    this.retryAfter = secondsToWait(headers);
    this.requestId = headers.get('x-request-id') ?? undefined;
    this.contractVersion = headers.get('asteri-version') ?? undefined;
  }
}

function sentence({ error, issues, missingScopes }: ErrorPayload): string {
  const details = issues?.map(({ path, message }) => `${path} ${message}`.trim()) ?? missingScopes ?? [];
  return details.length ? `${error}: ${details.join(', ')}` : error;
}

/** Reads `Retry-After`, seconds or a date (RFC 9110, section 10.2.3); undefined where it is missing or unreadable. */
export function secondsToWait(headers: Headers): number | undefined {
  const text = headers.get('retry-after')?.trim() ?? '';
  if (/^\d+$/.test(text)) return Number(text);
  const moment = Date.parse(text);
  return Number.isNaN(moment) ? undefined : Math.max(0, (moment - Date.now()) / 1000);
}
