import { createHash, timingSafeEqual } from 'node:crypto';
import type { FastifyInstance } from 'fastify';
import type { RegistryServerAuth } from '../registry-server.ts';

/** Requires Basic or Bearer authentication. */
export function authenticate(api: FastifyInstance, auth: RegistryServerAuth): void {
  const accepted = acceptedHeaders(auth).map(digest);
  const schemes = [
    ...((auth.users ?? []).length > 0 ? ['Basic realm="schema registry"'] : []),
    ...((auth.tokens ?? []).length > 0 ? ['Bearer'] : []),
  ];
  api.addHook('onRequest', async (request, reply) => {
    const given = digest(withScheme(request.headers.authorization ?? ''));
    // Compares all of them, so that the duration reveals nothing.
    const known = accepted.filter((one) => timingSafeEqual(one, given)).length > 0;
    if (known) return;
    await reply
      .code(401)
      .header('www-authenticate', schemes.join(', '))
      .send({ error_code: 401, message: 'Unauthorized' });
  });
}

function acceptedHeaders({ users = [], tokens = [] }: RegistryServerAuth): readonly string[] {
  return [
    ...users.map(
      ({ username, password }) =>
        `basic ${Buffer.from(`${username}:${password}`).toString('base64')}`,
    ),
    ...tokens.map((token) => `bearer ${token}`),
  ];
}

/** Normalizes the scheme, whose case does not matter (RFC 9110, 11.1). */
function withScheme(header: string): string {
  const [scheme = '', ...rest] = header.trim().split(/ +/);
  return [scheme.toLowerCase(), ...rest].join(' ');
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
