import { AsteriConnectionError, secondsToWait } from './errors.js';

/** An answer of whatever status, read to its end. */
export interface Answer {
  status: number;
  headers: Headers;
  text: string;
}

/** What came of one try. */
export type Outcome = Answer | AsteriConnectionError;

const FIRST_BACKOFF_MS = 500;
const LONGEST_BACKOFF_MS = 8_000;

/**
 * Whether a try may have been carried out although nobody said so: no answer came, or a 503, which a database that
 * fails while it commits leads to as well. A 429 was refused before anything was done.
 */
export function isLost(outcome: Outcome): boolean {
  return outcome instanceof AsteriConnectionError || outcome.status === 503;
}

/**
 * How many milliseconds to wait before the next try; undefined where there must be none. What the API asks for comes
 * first, then a back-off with jitter, so that the next try is never early and many callers don't come back as one.
 *
 * @param isRepeatable whether carrying the request out twice does what carrying it out once does
 * @param retries how often it has been tried again already
 * @param longestMs the longest wait that the API may ask for
 */
export function delayBeforeRetry(
  outcome: Outcome,
  isRepeatable: boolean,
  retries: number,
  longestMs: number,
): number | undefined {
  const mayRetry = isLost(outcome) ? isRepeatable : (outcome as Answer).status === 429;
  const askedMs = outcome instanceof AsteriConnectionError ? 0 : (secondsToWait(outcome.headers) ?? 0) * 1000;
  return mayRetry && askedMs <= longestMs ? askedMs + backoff(retries) : undefined;
}

function backoff(retries: number): number {
  const most = Math.min(FIRST_BACKOFF_MS * 2 ** retries, LONGEST_BACKOFF_MS);
  return most * (0.5 + Math.random() / 2);
}

/** Waits; rejects with the signal's reason as soon as it is aborted. */
export function pause(milliseconds: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const end = () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', end);
      signal?.aborted ? reject(signal.reason) : resolve();
    };
    const timer = setTimeout(end, milliseconds);
    signal?.addEventListener('abort', end);
    if (signal?.aborted) end();
  });
}
