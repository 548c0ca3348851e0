import type { Call } from './call.js';
import { AsteriApiError, AsteriConnectionError, AsteriTimeoutError } from './errors.js';
import { delayBeforeRetry, isLost, pause, type Answer, type Outcome } from './retries.js';
import type { ErrorPayload, Result } from './types.js';

/** How hard to try; each can be set for the client and for one call. */
export interface RetryOptions {
  /** How long one try may take, its answer read to the end, in milliseconds: 30,000 unless set. */
  timeoutMs?: number | undefined;
  /** How often a request is tried again at most: 2 unless set; 0 for never. */
  maxRetries?: number | undefined;
  /** The longest `Retry-After` that is waited for, in milliseconds: 60,000 unless set. A longer one fails at once. */
  maxRetryWaitMs?: number | undefined;
}

/** What one call may be given beside its parameters. */
export interface RequestOptions extends RetryOptions {
  /** Ends the call, its pauses between tries included: it then rejects with the signal's reason. */
  signal?: AbortSignal | undefined;
  /** More headers, such as an `X-Request-Id` of the caller's own. */
  headers?: Record<string, string> | undefined;
}

/** What a client is made with. */
export interface ClientOptions extends RetryOptions {
  /** Where the API is, such as `https://api.example.com`. */
  baseUrl: string;
  /** The organization to act for. */
  organizationId: string;
  /** A key of that organization, `ast_live_…` or `ast_test_…`. */
  apiKey: string;
  /** The header that carries the key: `x-api-key` unless set, or `Authorization: Bearer`. */
  auth?: 'x-api-key' | 'bearer' | undefined;
  /** A `fetch` to use in place of the platform's. */
  fetch?: typeof fetch | undefined;
}

const ROOT = '/api/public/v1';
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** How hard to try, all of it set. */
type Limits = { [Name in keyof RetryOptions]-?: number };

/** Sends calls, again where that is safe, and reads what comes back. Holds the key, and shows it to nobody. */
export class Transport {
  readonly #root: string;
  readonly #headers: Record<string, string>;
  readonly #fetch: typeof fetch;
  readonly #defaults: Limits;

  constructor(options: ClientOptions) {
    for (const name of ['baseUrl', 'organizationId', 'apiKey'] as const) {
      if (!options[name]) throw new TypeError(`AsteriPublicApiClient needs ${name}.`);
    }
    const {
      baseUrl,
      organizationId,
      apiKey,
      auth,
      timeoutMs = 30_000,
      maxRetries = 2,
      maxRetryWaitMs = 60_000,
    } = options;
    this.#root = baseUrl.replace(/\/+$/, '') + ROOT;
    this.#headers = {
      ...(auth === 'bearer' ? { authorization: `Bearer ${apiKey}` } : { 'x-api-key': apiKey }),
      'x-organization-id': organizationId,
    };
    this.#fetch = options.fetch ?? ((...request) => fetch(...request));
    this.#defaults = { timeoutMs, maxRetries, maxRetryWaitMs };
  }

  /** Answers the body of a success, with `meta` beside it. */
  async send<T extends object>(call: Call, options: RequestOptions = {}): Promise<Result<T>> {
    const limits = { ...this.#defaults, ...present(options) };
    const url = this.#url(call);
    const init = this.#init(call, options);
    for (let retries = 0, lost = false; ; retries++) {
      const outcome = await this.#attempt(url, init, limits.timeoutMs, options.signal);
      const delay = delayBeforeRetry(outcome, call.isRepeatable, retries, limits.maxRetryWaitMs);
      if (delay === undefined || !(retries < limits.maxRetries)) return settle<T>(outcome, init, lost);
      lost ||= isLost(outcome);
      await pause(delay, options.signal);
    }
  }

  #url({ path, query = {} }: Call): string {
    const url = new URL(`${this.#root}/${path.map(segment).join('/')}`);
    for (const [name, value] of Object.entries(present(query))) url.searchParams.set(name, String(value));
    return url.href;
  }

  #init({ method, body, headers = {} }: Call, options: RequestOptions): Init {
    const merged = new Headers(options.headers);
    const own = { ...this.#headers, ...(body && { 'content-type': 'application/json' }), ...present(headers) };
    for (const [name, value] of Object.entries(own)) merged.set(name, value);
    // A redirect would take the key along to another host, which no answer of the API asks for.
    return { method, headers: merged, redirect: 'manual', ...(body && { body: JSON.stringify(body) }) };
  }

  async #attempt(url: string, init: Init, timeoutMs: number, signal?: AbortSignal): Promise<Outcome> {
    signal?.throwIfAborted();
    const ending = new AbortController();
    const end = () => ending.abort();
    const timer = setTimeout(end, Math.min(timeoutMs, LONGEST_TIMER_MS));
    signal?.addEventListener('abort', end);
    try {
      const response = await this.#fetch(url, { ...init, signal: ending.signal });
      return { status: response.status, headers: response.headers, text: await response.text() };
    } catch (cause) {
      signal?.throwIfAborted();
      return unanswered(init, ending.signal.aborted ? timeoutMs : undefined, cause);
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener('abort', end);
    }
  }
}

type Init = RequestInit & { method: string; headers: Headers };

function unanswered({ method, headers }: Init, timeoutMs: number | undefined, cause: unknown): AsteriConnectionError {
  const key = headers.get('idempotency-key') ?? undefined;
  if (timeoutMs === undefined)
    return new AsteriConnectionError(`${method} got no answer: ${reason(cause)}`, key, { cause });
  return new AsteriTimeoutError(`${method} got no answer within ${timeoutMs} ms`, key);
}

/** What `fetch` threw, in words: Node's own message says "fetch failed" and keeps the reason in its cause. */
function reason(cause: unknown): string {
  const { message, cause: inner } = cause as Error & { cause?: { message?: string; code?: string } };
  return inner?.message || inner?.code || message;
}

/** Answers a success or throws the error. A repeated DELETE that finds nothing has done its work. */
function settle<T extends object>(outcome: Outcome, { method, headers }: Init, lost: boolean): Result<T> {
  if (outcome instanceof AsteriConnectionError) throw outcome;
  const isDone = outcome.status < 300 || (lost && method === 'DELETE' && outcome.status === 404);
  const body = method === 'DELETE' && isDone ? {} : parsed(outcome.text);
  if (outcome.status > 0 && isDone && body) return withMeta(body as T, outcome);
  throw new AsteriApiError(
    outcome.status,
    payloadOf(body, outcome),
    outcome.headers,
    headers.get('idempotency-key') ?? undefined,
  );
}

function parsed(text: string): object | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value ? value : undefined;
  } catch {
    return undefined;
  }
}

/** The payload of an error; where something on the way answered in the API's place, what it said is the message. */
function payloadOf(body: object | undefined, { text }: Answer): ErrorPayload {
  return body && 'error' in body
    ? (body as ErrorPayload)
    : { error: text.slice(0, 200).trim() || 'The API did not say why' };
}

function withMeta<T extends object>(body: T, { status, headers }: Answer): Result<T> {
  const value = {
    status,
    headers,
    requestId: headers.get('x-request-id') ?? undefined,
    contractVersion: headers.get('asteri-version') ?? undefined,
    etag: headers.get('etag') ?? undefined,
    replayed: headers.get('idempotent-replayed') === 'true',
  };
  return Object.defineProperty(body, 'meta', { value }) as Result<T>;
}

/** Writes one segment of a path; URLs know none that is empty or made of dots (RFC 3986, section 5.2.4). */
function segment(text: string): string {
  if (/^\.{0,2}$/.test(text)) throw new TypeError(`${JSON.stringify(text)} cannot be part of a path.`);
  return encodeURIComponent(text);
}

/** Leaves out what is undefined. */
function present<T extends object>(values: T): { [K in keyof T]-?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as never;
}
