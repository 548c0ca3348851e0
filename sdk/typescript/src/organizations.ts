import type { RequestOptions, Transport } from './transport.js';
import type { ListOrganizationsQuery, OrganizationListResponse, OrganizationResponse, Result } from './types.js';

/** What the key may act for. */
export class Organizations {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /** The organizations that the key may act for. */
  list(
    { query }: { query?: ListOrganizationsQuery } = {},
    options?: RequestOptions,
  ): Promise<Result<OrganizationListResponse>> {
    return this.#transport.send({ method: 'GET', path: ['organizations'], query, isRepeatable: true }, options);
  }

  /** One organization. */
  get({ organizationId }: { organizationId: string }, options?: RequestOptions): Promise<Result<OrganizationResponse>> {
    return this.#transport.send(
      { method: 'GET', path: ['organizations', organizationId], isRepeatable: true },
      options,
    );
  }
}
