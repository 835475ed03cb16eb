import { RepriseError } from '../../reprise-error.ts';

/** Connection to a registry that speaks Confluent's REST API. */
export interface RegistryConnection {
  /** Without trailing slash and credentials. */
  readonly url: string;
  readonly authorization: string | null;
  readonly timeoutMs: number;
}

/**
 * An answer of the registry. `errorCode` is Confluent's (40401…), or the HTTP status if there is
 * none.
 */
export interface RegistryAnswer {
  readonly status: number;
  readonly errorCode: number;
  readonly body: Readonly<Record<string, unknown>> | readonly unknown[];
}

const MIME = 'application/vnd.schemaregistry.v1+json';

/**
 * Sends one request. Returns answers 2xx, 404, 409 and 422, because their meaning depends on the
 * request.
 * @throws REGISTRY_UNAVAILABLE on a timeout, on 5xx, 429 and on an answer that is not JSON;
 * REGISTRY_REFUSED on 401, 403 and other 4xx
 */
export async function requestRegistry(
  connection: RegistryConnection,
  method: 'GET' | 'POST' | 'PUT',
  path: string,
  body?: unknown,
): Promise<RegistryAnswer> {
  const { url, authorization, timeoutMs } = connection;
  let status: number;
  let text: string;
  try {
    const response = await fetch(`${url}${path}`, {
      method,
      headers: {
        accept: `${MIME}, application/json`,
        'content-type': MIME,
        ...(authorization === null ? {} : { authorization }),
      },
      signal: AbortSignal.timeout(timeoutMs),
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    status = response.status;
    text = await response.text();
  } catch (cause) {
    throw unavailable(url, reasonOf(cause, timeoutMs), cause);
  }
  const parsed = parseJson(text);
  if (status >= 500 || status === 429) {
    throw unavailable(url, `it answered ${status} to ${method} ${path}: ${wordsOf(parsed, text)}`);
  }
  if (status === 401 || status === 403 || ![404, 409, 422].includes(status)) {
    if (status >= 400) throw refused(url, status, wordsOf(parsed, text));
  }
  if (parsed === null) {
    throw unavailable(
      url,
      `${method} ${path} was answered with something that is not JSON (${status}); is this the registry?`,
    );
  }
  const errorCode = 'error_code' in parsed ? Number(parsed.error_code) : status;
  return { status, errorCode, body: parsed };
}

/** Returns the registry's own message in an answer. */
export function wordsOf(body: RegistryAnswer['body'] | null, text = ''): string {
  if (body !== null && 'message' in body) return String(body.message);
  return text.slice(0, 200) || JSON.stringify(body);
}

/** Creates the error for a registry that cannot be reached or does not answer as one; retriable. */
export function unavailable(url: string, reason: string, cause?: unknown): RepriseError {
  return new RepriseError(
    'REGISTRY_UNAVAILABLE',
    `The schema registry at ${url} cannot be used now: ${reason}. Check that it runs and that this url is the right one; trying again may help.`,
    { retriable: true, cause, facts: { url } },
  );
}

/** Creates the error for a request that the registry refuses, with the registry's message. */
export function refused(url: string, status: number, words: string): RepriseError {
  const toDo =
    status === 401 || status === 403
      ? 'Check the credentials and what they may do.'
      : 'Correct the request.';
  return new RepriseError(
    'REGISTRY_REFUSED',
    `The schema registry at ${url} refused (${status}): ${words}. ${toDo}`,
    { facts: { url, status } },
  );
}

function parseJson(text: string): RegistryAnswer['body'] | null {
  try {
    // A registry written in Go encodes an empty list (a subject with a level but without versions)
    // as null.
    const value: unknown = JSON.parse(text) ?? [];
    return typeof value === 'object' && value !== null ? (value as RegistryAnswer['body']) : null;
  } catch {
    return null; // a proxy's HTML page; the caller reports it
  }
}

function reasonOf(error: unknown, timeoutMs: number): string {
  if (!(error instanceof Error)) return String(error);
  if (error.name === 'TimeoutError') return `no answer within ${timeoutMs} ms`;
  return error.cause instanceof Error
    ? error.cause.message || String((error.cause as NodeJS.ErrnoException).code)
    : error.message;
}
