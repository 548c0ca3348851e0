import type { components, operations } from './schema.js';

type Schemas = components['schemas'];
type Query<Name extends keyof operations> = NonNullable<operations[Name]['parameters']['query']>;

export type Customer = Schemas['Customer'];
export type CustomerProfile = Schemas['CustomerProfile'];
export type CustomerWithProfile = Schemas['CustomerWithProfile'];
export type CustomerChange = Schemas['CustomerChange'];
export type CreateCustomerRequest = Schemas['CreateCustomerRequest'];
export type ChangeCustomerRequest = Schemas['ChangeCustomerRequest'];
export type ReplaceCustomerRequest = Schemas['ReplaceCustomerRequest'];
export type BulkCreateCustomersRequest = Schemas['BulkCreateCustomersRequest'];
export type CustomerResponse = Schemas['CustomerResponse'];
export type CustomerListResponse = Schemas['CustomerListResponse'];
export type CustomerChangesResponse = Schemas['CustomerChangesResponse'];
export type BulkCreateCustomersResponse = Schemas['BulkCreateCustomersResponse'];
export type Organization = Schemas['Organization'];
export type OrganizationResponse = Schemas['OrganizationResponse'];
export type OrganizationListResponse = Schemas['OrganizationListResponse'];
export type ApiKey = Schemas['ApiKey'];
export type CreatedApiKey = Schemas['CreatedApiKey'];
export type CurrentApiKey = Schemas['CurrentApiKey'];
export type CreateApiKeyRequest = Schemas['CreateApiKeyRequest'];
export type RotateApiKeyRequest = Schemas['RotateApiKeyRequest'];
export type ApiKeyResponse = Schemas['ApiKeyResponse'];
export type CreatedApiKeyResponse = Schemas['CreatedApiKeyResponse'];
export type CurrentApiKeyResponse = Schemas['CurrentApiKeyResponse'];
export type ApiKeyListResponse = Schemas['ApiKeyListResponse'];
export type Pagination = Schemas['Pagination'];
export type Issue = Schemas['Issue'];
export type ListCustomersQuery = Query<'customers-list'>;
export type GetCustomerQuery = Query<'customers-retrieve'>;
export type ListChangesQuery = Query<'customers-changes'>;
export type ListOrganizationsQuery = Query<'organizations-list'>;
export type ListApiKeysQuery = Query<'api-keys-list'>;

/** How a query wants customers to look. */
export type Shown<Q> = Q extends { expand: 'profile' } ? CustomerWithProfile : Customer;

/** What the API says about a request that it refuses; which keys there are depends on the status. */
export type ErrorPayload = Schemas['Error'] &
  Partial<Schemas['RequestError'] & Schemas['PermissionError'] & Schemas['ConflictError'] & Schemas['RateLimitError']>;

/** What is known of an answer beside its body. */
export interface Meta {
  readonly status: number;
  readonly headers: Headers;
  /** The id under which the API has logged the request. */
  readonly requestId: string | undefined;
  /** The version of the contract that answered. */
  readonly contractVersion: string | undefined;
  /** The version of the customer that is answered, for `ifMatch`. */
  readonly etag: string | undefined;
  /** Whether this is the stored answer of an earlier request under the same `Idempotency-Key`. */
  readonly replayed: boolean;
}

/** A body as the API sent it; `meta`, beside it, is not enumerable, so that it stays what was sent. */
export type Result<T> = T & { readonly meta: Meta };
