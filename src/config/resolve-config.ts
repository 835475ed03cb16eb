import type { z } from 'zod';
import { onErrorMistake } from '../projection/check/on-error-mistake.ts';
import { RepriseError } from '../reprise-error.ts';
import { configSchema, KNOWN_KEYS } from './config-schema.ts';
import { applyEnvironment, ENVIRONMENT_VARIABLES, type Environment } from './environment.ts';
import { nearestKey } from './nearest-key.ts';
import type { RepriseConfig, ResolvedConfig } from './reprise-config.ts';

/**
 * Validates a configuration, applies environment variables and fills in defaults.
 * @throws CONFIG_INVALID naming each wrong key, or the environment variable behind it
 */
export function resolveConfig(input: RepriseConfig, environment: Environment): ResolvedConfig {
  if (typeof input !== 'object' || input === null) {
    throw invalid('The configuration must be an object; see defineConfig.', '');
  }
  const merged = applyEnvironment(input as unknown as Record<string, unknown>, environment);
  const result = configSchema.safeParse(merged, { reportInput: false });
  if (!result.success) throw firstIssues(result.error.issues, merged, environment);
  const { registry, dev, ...rest } = result.data;
  return {
    ...withoutUndefined(rest),
    registry:
      registry.type === 'postgres'
        ? registry
        : { type: 'confluent', url: registry.url, ...auth(registry) },
    dev: dev === undefined ? undefined : dev,
  } as ResolvedConfig;
}

function auth(given: {
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  readonly token?: string | undefined;
}): object {
  if (given.token !== undefined) return { auth: { bearer: given.token } };
  return given.username === undefined
    ? {}
    : { auth: { username: given.username, password: given.password } };
}

/** Removes undefined values, because option types distinguish absent keys from undefined ones. */
function withoutUndefined<Value extends object>(given: Value): Value {
  return Object.fromEntries(
    Object.entries(given).filter(([, value]) => value !== undefined),
  ) as Value;
}

function firstIssues(
  issues: readonly z.core.$ZodIssue[],
  merged: Readonly<Record<string, unknown>>,
  environment: Environment,
): RepriseError {
  const policy = onErrorMistake(merged['onError'] ?? 'fail');
  const lines = issues.flatMap((issue) =>
    // A policy has so many forms that zod only says that it is none of them.
    issue.path[0] === 'onError' && policy !== null
      ? [`"onError" ${policy}`]
      : sentences(issue, environment),
  );
  const key = issues[0]?.path.join('.') ?? '';
  return invalid(`The configuration is not valid: ${[...new Set(lines)].join('; ')}.`, key);
}

function sentences(issue: z.core.$ZodIssue, environment: Environment): readonly string[] {
  const place = issue.path.join('.');
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => unknownKey(place, key));
  }
  const variable = ENVIRONMENT_VARIABLES.find(
    ({ name, key }) => environment[name] && (place === key || place.startsWith(`${key}.`)),
  );
  const subject = place === '' ? 'the configuration' : `"${place}"`;
  const from = variable === undefined ? '' : ` (from the environment variable ${variable.name})`;
  return [`${subject}${from} ${predicate(issue)}`];
}

function unknownKey(place: string, key: string): string {
  const known = KNOWN_KEYS[place] ?? [];
  const near = nearestKey(key, known);
  const where = place === '' ? '' : ` in "${place}"`;
  const hint = near === null ? `known keys are ${known.join(', ')}` : `did you mean "${near}"`;
  return `unknown key "${key}"${where}; ${hint}${near === null ? '' : '?'}`;
}

function predicate(issue: z.core.$ZodIssue): string {
  if (issue.code === 'invalid_value') {
    return `must be ${issue.values.map((value) => JSON.stringify(value)).join(' or ')}`;
  }
  if (issue.code === 'invalid_union') return 'must name one of the known types';
  if (issue.code === 'invalid_type') {
    return issue.message.endsWith('received undefined')
      ? `is missing; it must be ${withArticle(issue.expected)}`
      : `must be ${withArticle(issue.expected)}`;
  }
  return issue.message.charAt(0).toLowerCase() + issue.message.slice(1);
}

function withArticle(noun: string): string {
  return noun === 'int' ? 'a whole number' : `${/^[aeiou]/.test(noun) ? 'an' : 'a'} ${noun}`;
}

function invalid(message: string, key: string): RepriseError {
  return new RepriseError('CONFIG_INVALID', message, { facts: { key } });
}
