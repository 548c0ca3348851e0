/**
 * Asteri's public API.
 *
 * @packageDocumentation
 */
export { ApiKeys } from './api-keys.js';
export { AsteriPublicApiClient } from './client.js';
export { Customers, type ConditionalOptions, type IdempotentOptions } from './customers.js';
export { AsteriApiError, AsteriConnectionError, AsteriError, AsteriTimeoutError } from './errors.js';
export { Organizations } from './organizations.js';
export type { ClientOptions, RequestOptions, RetryOptions } from './transport.js';
export type * from './types.js';
