// Calls the API through a client that @hey-api/openapi-ts has made of the document and nothing else.

import { client } from './generated/client.gen';
import {
  apiKeysCurrent,
  customersChanges,
  customersCreate,
  customersDelete,
  customersList,
  customersRetrieve,
  customersUpdate,
} from './generated/sdk.gen';
import type { CreateCustomerRequest, Customer } from './generated/types.gen';

declare const process: { env: Record<string, string>; exitCode: number };

const headers = { 'x-organization-id': process.env.ASTERI_ORG_ID };
const email = `${crypto.randomUUID()}@example.com`;
const body: CreateCustomerRequest = {
  account_type: 'business',
  email,
  phone: '+1-404-555-0128',
  company_name: 'Cedar Electric',
};

function same(found: unknown, expected: unknown): void {
  if (JSON.stringify(found) !== JSON.stringify(expected)) {
    throw new Error(`${JSON.stringify(found)} is not ${JSON.stringify(expected)}`);
  }
}

async function main(): Promise<void> {
  client.setConfig({ baseUrl: process.env.ASTERI_BASE_URL, auth: process.env.ASTERI_API_KEY });

  const made = await customersCreate({ headers: { ...headers, 'Idempotency-Key': email }, body });
  const customer: Customer = made.data!.data;
  same([made.response?.status, customer.email, customer.display_name], [201, email, 'Cedar Electric']);

  const again = await customersCreate({ headers, body });
  same(again.error, { error: 'Customer email already exists in this organization', field: 'email' });

  const page = await customersList({ headers, query: { email, limit: 1 } });
  same(page.data, { data: [customer], pagination: { count: 1, limit: 1, next_cursor: null } });

  const path = { customerId: customer.id };
  const expanded = (await customersRetrieve({ headers, path, query: { expand: 'profile' } })).data!.data;
  same('profile' in expanded && expanded.profile.company_name, 'Cedar Electric');

  const changed = await customersUpdate({ headers: { ...headers, 'If-Match': '"1"' }, path, body: { phone: null } });
  same(changed.data, { data: { ...customer, phone: null } });

  const feed = await customersChanges({ headers, query: { limit: 2 } });
  same(feed.data!.data[0].type, 'customer.created');

  same((await customersDelete({ headers, path })).response?.status, 204);
  same((await customersRetrieve({ headers, path })).error, { error: 'Customer not found' });
  same((await apiKeysCurrent()).data!.data.organization.id, process.env.ASTERI_ORG_ID);
}

void main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
