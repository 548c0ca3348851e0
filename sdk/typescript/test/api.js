/** What the tests ask: the served API, and the same with faults on the way. `pytest tests/sdk` starts both. */
import { randomUUID } from 'node:crypto';

import { AsteriPublicApiClient } from '@asteri/public-api-sdk';

const { ASTERI_BASE_URL, ASTERI_PROXY_URL, ASTERI_ORG_ID, ASTERI_API_KEY } = process.env;
if (!ASTERI_PROXY_URL) throw new Error('These tests need the API: run `python -m pytest tests/sdk` in the project.');

export const owner = { baseUrl: ASTERI_BASE_URL, organizationId: ASTERI_ORG_ID, apiKey: ASTERI_API_KEY };

/** A client, with every option that is not given as the owner has it. */
export const client = (options = {}) => new AsteriPublicApiClient({ ...owner, ...options });

/** A customer nobody else has. */
export const body = (fields = {}) => ({
  account_type: 'business',
  email: `${randomUUID()}@example.com`,
  phone: '+1-404-555-0128',
  ...fields,
});

/** A client whose requests meet these faults, one each; `met()` tells what arrived. */
export function through(faults, options = {}) {
  const name = randomUUID();
  const baseUrl = `${ASTERI_PROXY_URL}/${faults.join(',') || 'ok'}/${name}`;
  const met = async () => (await fetch(`${ASTERI_PROXY_URL}/attempts/${name}`)).json();
  return { client: client({ baseUrl, ...options }), met, faults: async () => (await met()).map(({ fault }) => fault) };
}
