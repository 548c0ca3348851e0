import type { RequestOptions, Transport } from './transport.js';
import type {
  ApiKeyListResponse,
  ApiKeyResponse,
  CreateApiKeyRequest,
  CreatedApiKeyResponse,
  CurrentApiKeyResponse,
  ListApiKeysQuery,
  Meta,
  Result,
  RotateApiKeyRequest,
} from './types.js';

/**
 * The keys of the organization. A request that makes one makes another each time it is carried out, so that it is tried
 * again after a 429 alone.
 */
export class ApiKeys {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /** The caller's own key, and its organization. */
  current(options?: RequestOptions): Promise<Result<CurrentApiKeyResponse>> {
    return this.#transport.send({ method: 'GET', path: ['api-keys', 'current'], isRepeatable: true }, options);
  }

  /** One page of the organization's keys. */
  list({ query }: { query?: ListApiKeysQuery } = {}, options?: RequestOptions): Promise<Result<ApiKeyListResponse>> {
    return this.#transport.send({ method: 'GET', path: ['api-keys'], query, isRepeatable: true }, options);
  }

  /** One key, without the key itself. */
  get({ apiKeyId }: { apiKeyId: string }, options?: RequestOptions): Promise<Result<ApiKeyResponse>> {
    return this.#transport.send({ method: 'GET', path: ['api-keys', apiKeyId], isRepeatable: true }, options);
  }

  /** Makes a key within the caller's own scopes, limits and expiry. `data.key` is shown this once. */
  create(body: CreateApiKeyRequest, options?: RequestOptions): Promise<Result<CreatedApiKeyResponse>> {
    return this.#transport.send({ method: 'POST', path: ['api-keys'], body, isRepeatable: false }, options);
  }

  /** Makes a key's successor; the key itself goes on for `grace_hours`. `data.key` is shown this once. */
  rotate(
    { apiKeyId, ...body }: { apiKeyId: string } & RotateApiKeyRequest,
    options?: RequestOptions,
  ): Promise<Result<CreatedApiKeyResponse>> {
    const path = ['api-keys', apiKeyId, 'rotate'];
    return this.#transport.send({ method: 'POST', path, body, isRepeatable: false }, options);
  }

  /** Ends a key, now and for good. */
  revoke({ apiKeyId }: { apiKeyId: string }, options?: RequestOptions): Promise<{ readonly meta: Meta }> {
    return this.#transport.send({ method: 'DELETE', path: ['api-keys', apiKeyId], isRepeatable: true }, options);
  }
}
