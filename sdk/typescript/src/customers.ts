import type { Call } from './call.js';
import type { RequestOptions, Transport } from './transport.js';
import type {
  BulkCreateCustomersRequest,
  BulkCreateCustomersResponse,
  ChangeCustomerRequest,
  CreateCustomerRequest,
  CustomerChangesResponse,
  CustomerResponse,
  GetCustomerQuery,
  ListChangesQuery,
  ListCustomersQuery,
  Meta,
  Pagination,
  ReplaceCustomerRequest,
  Result,
  Shown,
} from './types.js';

/** Options of a request that the API carries out once, however often it arrives. */
export interface IdempotentOptions extends RequestOptions {
  /** The `Idempotency-Key` to send: a random one unless set. It stays the same when the request is tried again. */
  idempotencyKey?: string | undefined;
}

/** Options of a request that changes what the caller has seen. */
export interface ConditionalOptions extends RequestOptions {
  /**
   * The `meta.etag` of the customer as last seen: 412 where it has changed since. An undefined one is a `TypeError`, so
   * that no condition is lost on the way.
   */
  ifMatch?: string;
}

const LONGEST_PAGE = 100;

/** The customers of the organization. */
export class Customers {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /** One page of the customers that match the query, the newest first unless it says otherwise. */
  list<const Q extends ListCustomersQuery = {}>(
    { query }: { query?: Q } = {},
    options?: RequestOptions,
  ): Promise<Result<{ data: Shown<Q>[]; pagination: Pagination }>> {
    return this.#transport.send({ method: 'GET', path: ['customers'], query, isRepeatable: true }, options);
  }

  /**
   * Every customer that matches the query: `for await (const customer of client.customers.listAll())`. Pages are
   * fetched as they are needed, of 100 customers unless the query says otherwise.
   */
  async *listAll<const Q extends ListCustomersQuery = {}>(
    { query }: { query?: Q } = {},
    options?: RequestOptions,
  ): AsyncGenerator<Shown<Q>, void> {
    let cursor = query?.cursor;
    do {
      const page = await this.list(
        { query: { limit: LONGEST_PAGE, ...query, ...(cursor && { cursor }) } as Q },
        options,
      );
      yield* page.data;
      cursor = page.pagination.next_cursor ?? undefined;
    } while (cursor);
  }

  /** Creates a customer. Safe to try again: it is sent under an `Idempotency-Key`. */
  create(body: CreateCustomerRequest, options?: IdempotentOptions): Promise<Result<CustomerResponse>> {
    return this.#post(['customers'], body, options);
  }

  /** Creates up to a hundred customers under an `Idempotency-Key`; answers a result for each, in order. */
  bulk(body: BulkCreateCustomersRequest, options?: IdempotentOptions): Promise<Result<BulkCreateCustomersResponse>> {
    return this.#post(['customers', 'bulk'], body, options);
  }

  /** One customer; with `query: { expand: 'profile' }` its names and its external id too. */
  get<const Q extends GetCustomerQuery = {}>(
    { customerId, query }: { customerId: string; query?: Q },
    options?: RequestOptions,
  ): Promise<Result<{ data: Shown<Q> }>> {
    return this.#transport.send({ method: 'GET', path: ['customers', customerId], query, isRepeatable: true }, options);
  }

  /**
   * Changes the fields that are given; null clears an e-mail, a phone or an external id. Under `ifMatch` a try whose
   * answer was lost is not repeated: the repetition would meet its own change and call it another's.
   */
  update(
    { customerId, ...body }: { customerId: string } & ChangeCustomerRequest,
    options: ConditionalOptions = {},
  ): Promise<Result<CustomerResponse>> {
    const isRepeatable = !('ifMatch' in options);
    return this.#conditional({ method: 'PATCH', path: ['customers', customerId], body, isRepeatable }, options);
  }

  /** Deletes a customer for good. A repetition that finds the customer gone has done what was asked. */
  delete({ customerId }: { customerId: string }, options: ConditionalOptions = {}): Promise<{ readonly meta: Meta }> {
    return this.#conditional({ method: 'DELETE', path: ['customers', customerId], isRepeatable: true }, options);
  }

  /** Creates the customer with that external id, or replaces all of it; `meta.status` is 201 or 200. */
  upsert(
    { externalId, ...body }: { externalId: string } & ReplaceCustomerRequest,
    options?: RequestOptions,
  ): Promise<Result<CustomerResponse>> {
    const path = ['customers', 'by-external-id', externalId];
    return this.#transport.send({ method: 'PUT', path, body, isRepeatable: true }, options);
  }

  /** What has happened to the customers since a cursor; go on from `pagination.next_cursor`, which is never null. */
  changes(
    { query }: { query?: ListChangesQuery } = {},
    options?: RequestOptions,
  ): Promise<Result<CustomerChangesResponse>> {
    return this.#transport.send({ method: 'GET', path: ['customers', 'changes'], query, isRepeatable: true }, options);
  }

  #post<T extends object>(
    path: string[],
    body: object,
    { idempotencyKey = crypto.randomUUID(), ...options }: IdempotentOptions = {},
  ): Promise<Result<T>> {
    const headers = { 'idempotency-key': idempotencyKey };
    return this.#transport.send({ method: 'POST', path, body, headers, isRepeatable: true }, options);
  }

  async #conditional<T extends object>(call: Call, given: ConditionalOptions): Promise<Result<T>> {
    const { ifMatch, ...options } = given;
    if ('ifMatch' in given && !ifMatch) throw new TypeError('ifMatch is undefined: the answer it is from had no ETag.');
    return this.#transport.send({ ...call, headers: { 'if-match': ifMatch } }, options);
  }
}
