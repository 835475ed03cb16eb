import type { FastifyInstance } from 'fastify';

/** Media types of the API; the first is the default. */
const TYPES = [
  'application/vnd.schemaregistry.v1+json',
  'application/vnd.schemaregistry+json',
  'application/json',
];
const REQUEST_TYPES = [...TYPES, 'application/octet-stream'];

/**
 * Accepts bodies of the API's media types (an empty body is null: clients name a type on requests
 * without a body), and answers in the type that the client prefers.
 */
export function speakRegistryJson(api: FastifyInstance): void {
  api.removeAllContentTypeParsers();
  api.addContentTypeParser(REQUEST_TYPES, { parseAs: 'string' }, (_request, body, done) => {
    const text = String(body);
    try {
      done(null, text.trim() === '' ? null : JSON.parse(text));
    } catch (error) {
      done(Object.assign(error as Error, { statusCode: 400 }));
    }
  });
  // In the last hook: fastify would add a charset, which JSON does not have.
  api.addHook('onSend', async (request, reply) => {
    reply.header('content-type', answerType(request.headers.accept));
  });
}

/**
 * Returns the media type that an `Accept` header prefers; the default if it accepts none, because
 * an error needs a type too.
 */
function answerType(accept = '*/*'): string {
  const ranges = accept
    .split(',')
    .map((range) => {
      const [name = '', ...parameters] = range.split(';').map((part) => part.trim());
      const quality = parameters.find((parameter) => /^q=/i.test(parameter))?.slice(2);
      return { name: name.toLowerCase(), quality: quality === undefined ? 1 : Number(quality) };
    })
    .sort((a, b) => b.quality - a.quality);
  for (const { name } of ranges) {
    const exact = TYPES.find((type) => type === name);
    if (exact !== undefined) return exact;
    if (name === '*/*' || name === 'application/*') break;
  }
  return TYPES[0] ?? 'application/json';
}
