import type { FastifyError, FastifyInstance } from 'fastify';
import { isRepriseError, type RepriseError } from '../../reprise-error.ts';
import { REGISTRY_ERRORS } from '../registry-refusal.ts';
import type { RegistryLog } from '../registry-server.ts';

/** An error in the form that clients receive. */
interface ErrorAnswer {
  readonly status: number;
  readonly errorCode: number;
  readonly message: string;
}

/**
 * Sends errors as `{"error_code","message"}` with the codes of Confluent's API, and logs those that
 * the client did not cause.
 */
export function answerErrors(api: FastifyInstance, log: RegistryLog): void {
  api.setErrorHandler(async (error, request, reply) => {
    const { status, errorCode, message } = answerOf(error);
    if (status >= 500) {
      log.error({ err: error, method: request.method, url: request.url }, 'registry failed');
    }
    return reply.code(status).send({ error_code: errorCode, message });
  });
  api.setNotFoundHandler(async (_request, reply) =>
    reply.code(404).send({ error_code: 404, message: 'HTTP 404 Not Found' }),
  );
}

function answerOf(error: unknown): ErrorAnswer {
  if (isRepriseError(error)) return refusalAnswer(error);
  const { statusCode, message } = error as FastifyError;
  if (statusCode !== undefined && statusCode >= 400 && statusCode < 500) {
    return { status: statusCode, errorCode: statusCode, message };
  }
  return { status: 500, errorCode: 500, message: 'Internal Server Error' };
}

function refusalAnswer(error: RepriseError): ErrorAnswer {
  const { errorCode, words, subject } = error.facts;
  if (error.code === 'INCOMPATIBLE_SCHEMA') {
    return {
      status: 409,
      errorCode: REGISTRY_ERRORS.incompatibleSchema,
      message: `Schema being registered is incompatible with an earlier schema for subject "${String(subject)}", details: ${String(words)}`,
    };
  }
  if (typeof errorCode === 'number') {
    const status = errorCode < 1_000 ? errorCode : Math.floor(errorCode / 100);
    return { status, errorCode, message: String(words) };
  }
  // Postgres's message goes only to the log: it may name hosts and users.
  const message = 'Error in the backend data store; the log of the registry says which';
  return { status: 500, errorCode: REGISTRY_ERRORS.store, message };
}
