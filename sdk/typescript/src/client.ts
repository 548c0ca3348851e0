import { ApiKeys } from './api-keys.js';
import { Customers } from './customers.js';
import { Organizations } from './organizations.js';
import { Transport, type ClientOptions } from './transport.js';

/** A client of Asteri's public API, for one organization and one of its keys. */
export class AsteriPublicApiClient {
  /** The customers of the organization. */
  readonly customers: Customers;
  /** What the key may act for. */
  readonly organizations: Organizations;
  /** The keys of the organization. */
  readonly apiKeys: ApiKeys;

  /** @throws TypeError where `baseUrl`, `organizationId` or `apiKey` is missing */
  constructor(options: ClientOptions) {
    const transport = new Transport(options);
    this.customers = new Customers(transport);
    this.organizations = new Organizations(transport);
    this.apiKeys = new ApiKeys(transport);
  }
}
