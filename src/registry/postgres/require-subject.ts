import { REGISTRY_ERRORS, registryRefusal } from '../registry-refusal.ts';

const LENGTH_MAX = 1_000;
const CONTROL_CHARACTER = /\p{Cc}/u;

/** Checks a subject's name. @throws REGISTRY_REFUSED (42208) if it is not allowed */
export function requireSubject(subject: string): void {
  const isValid =
    subject !== '' && subject.length <= LENGTH_MAX && !CONTROL_CHARACTER.test(subject);
  if (isValid) return;
  throw registryRefusal(
    REGISTRY_ERRORS.invalidSubject,
    `The specified subject '${subject.slice(0, 100)}' is not a valid subject.`,
    { toDo: `Give it a name of at most ${LENGTH_MAX} characters, without control characters.` },
  );
}
