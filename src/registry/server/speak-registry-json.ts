import type { FastifyInstance } from 'fastify';

/** What the API speaks, the first of them where a client does not mind. */
const TYPES = [
  'application/vnd.schemaregistry.v1+json',
  'application/vnd.schemaregistry+json',
  'application/json',
];
const REQUEST_TYPES = [...TYPES, 'application/octet-stream'];

/**
 * Takes bodies of the API's media types (none at all is null: clients name a type on requests
 * without a body), and answers in the one that the client likes best.
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
  // At the very end: fastify would add a charset, which JSON does not have.
  api.addHook('onSend', async (request, reply) => {
    reply.header('content-type', answerType(request.headers.accept));
  });
}

/**
 * The media type that an `Accept` header likes best; the API's own where it likes none of them, as
 * an error must be in some type too.
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
