import {
  COMPATIBILITY_LEVELS,
  type CompatibilityLevel,
} from '../../avro/compatibility/compatibility-level.ts';
import { REGISTRY_ERRORS } from '../registry-refusal.ts';
import type { RegistryMode } from '../registry-store.ts';
import type { SettingNames } from './setting-routes.ts';

const MODES: readonly RegistryMode[] = ['READWRITE', 'READONLY', 'READONLY_OVERRIDE', 'IMPORT'];

/** Names of `/config`. */
export const CONFIG: SettingNames<CompatibilityLevel> = {
  path: 'config',
  read: 'compatibilityLevel',
  written: 'compatibility',
  values: COMPATIBILITY_LEVELS,
  invalid: {
    code: REGISTRY_ERRORS.invalidLevel,
    words:
      'Invalid compatibility level. Valid values are none, backward, forward, full, backward_transitive, forward_transitive, and full_transitive',
  },
  missing: {
    code: REGISTRY_ERRORS.noSubjectLevel,
    words: 'subject-level compatibility configured',
  },
};

/** Names of `/mode`. */
export const MODE: SettingNames<RegistryMode> = {
  path: 'mode',
  read: 'mode',
  written: 'mode',
  values: MODES,
  invalid: {
    code: REGISTRY_ERRORS.invalidMode,
    words: `Invalid mode. Valid values are ${MODES.join(', ')}`,
  },
  missing: { code: REGISTRY_ERRORS.noSubjectMode, words: 'subject-level mode configured' },
};
