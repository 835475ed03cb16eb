import { describe, expect, it } from 'vitest';
import { crowdedFolders, misplacedTests, otherwiseNamed, staleExceptions } from './house-rules.ts';
import {
  badNames,
  clockReads,
  exportViolations,
  LIMITS,
  lastingSignals,
  longFiles,
  medianLines,
  oversizedFunctions,
  wideComments,
} from './shape-rules.ts';
import { parseModule, readSourceTree } from './source-tree.ts';
import {
  staleSqlExceptions,
  strayErrorClasses,
  strayTables,
  strayTransactions,
} from './sql-rules.ts';

const source = readSourceTree('src');
const everything = readSourceTree('src', 'test', 'bench', 'projections');

describe('the files of the house', () => {
  it('are short', () => {
    expect(longFiles(everything)).toEqual([]);
  });

  it('have a low median of lines in src', () => {
    expect(medianLines(source)).toBeLessThanOrEqual(LIMITS.medianLines);
  });

  it('have kebab-case names of one idea', () => {
    expect(badNames(everything)).toEqual([]);
  });

  it('are named after what they export', () => {
    expect(otherwiseNamed(source)).toEqual([]);
    expect(staleExceptions(source)).toEqual([]);
  });

  it('lie in folders that can be taken in at a glance', () => {
    expect(crowdedFolders(source)).toEqual([]);
  });

  it('have their unit tests in the folder of the same name', () => {
    expect(misplacedTests(readSourceTree('test/unit'))).toEqual([]);
    const stray = parseModule(
      'test/unit/fold/keys.test.ts',
      "import '../../../src/fold/rows/keys.ts';",
    );
    expect(misplacedTests([stray])).toHaveLength(1);
  });

  it('hold short functions of few parameters', () => {
    expect(oversizedFunctions(readSourceTree('src', 'bench', 'projections'))).toEqual([]);
  });

  it('document every export of src and have no default export', () => {
    expect(exportViolations(source)).toEqual([]);
  });

  it('have comments no wider than code', () => {
    expect(wideComments(everything)).toEqual([]);
  });

  it('read no clock and roll no dice in the pure core', () => {
    const core = source.filter(({ path }) => /^src\/(event|projection|fold)\//.test(path));
    expect(clockReads(core)).toEqual([]);
  });

  it('begin and end transactions in one place', () => {
    expect(strayTransactions(source)).toEqual([]);
  });

  it('name a table of the framework only in its store', () => {
    expect(strayTables(source)).toEqual([]);
  });

  it('know the errors of Postgres in one place', () => {
    expect(strayErrorClasses(source)).toEqual([]);
    expect(staleSqlExceptions(source)).toEqual([]);
  });

  it('join signals without leaving anything behind in them', () => {
    expect(lastingSignals(source)).toEqual([]);
  });
});

describe('the shape rules', () => {
  const parse = (text: string, path = 'src/fold/a.ts') => [parseModule(path, text)];

  it('see long files and functions, and long parameter lists', () => {
    expect(longFiles(parse('\n'.repeat(401)))).toHaveLength(1);
    expect(longFiles(parse('\n'.repeat(400)))).toEqual([]);
    expect(oversizedFunctions(parse(`const f = () => {${'\n'.repeat(60)}};`))).toHaveLength(1);
    expect(oversizedFunctions(parse(`const f = () => {${'\n'.repeat(59)}};`))).toEqual([]);
    expect(oversizedFunctions(parse('class A { f(a, b, c, d, e) {} }'))).toHaveLength(1);
  });

  it('see files that are not named after an export, and crowded folders', () => {
    const text = 'export const createSocket = 1;\nexport class KafkaLog {}';
    expect(otherwiseNamed(parse(text, 'src/log/socket.ts'))).toEqual([]);
    expect(otherwiseNamed(parse(text, 'src/log/kafka-log.ts'))).toEqual([]);
    expect(otherwiseNamed(parse(text, 'src/log/kafka.ts'))).toHaveLength(1);
    const files = Array.from({ length: 21 }, (_, n) => parseModule(`src/log/a${n}.ts`, ''));
    expect(crowdedFolders(files)).toHaveLength(1);
    expect(crowdedFolders(files.slice(1))).toEqual([]);
  });

  it('see undocumented and default exports', () => {
    expect(exportViolations(parse('export const a = 1;'))).toHaveLength(1);
    expect(exportViolations(parse('/** A. */\nexport const a = 1;'))).toEqual([]);
    expect(exportViolations(parse('/** A. */\nexport default class A {}'))).toHaveLength(1);
    expect(exportViolations(parse('const a = 1;\nexport default a;'))).toHaveLength(1);
  });

  it('see names that say nothing and names in another case', () => {
    expect(badNames(parse('', 'src/log/kafka-utils.ts'))).toHaveLength(1);
    expect(badNames(parse('', 'src/common/a.ts'))).toHaveLength(1);
    expect(badNames(parse('', 'src/log/kafkaLog.ts'))).toHaveLength(1);
    expect(badNames(parse('', 'src/log/kafka-log.ts'))).toEqual([]);
  });

  it('see a clock in the core, and not a date made from data', () => {
    expect(clockReads(parse('const a = Date.now();'))).toHaveLength(1);
    expect(clockReads(parse('const a = new Date();'))).toHaveLength(1);
    expect(clockReads(parse('const a = new Date(1);'))).toEqual([]);
  });

  it('see wide comments, and not wide strings', () => {
    const wide = 'a'.repeat(101);
    expect(wideComments(parse(`/** ${wide} */\nexport const b = 1;`))).toHaveLength(1);
    expect(wideComments(parse(`const b = 1; // ${wide}`))).toHaveLength(1);
    expect(wideComments(parse(`const b = '// ${wide}';`))).toEqual([]);
  });

  it('see a transaction outside its room, and no savepoint', () => {
    const begin = "await client.query('begin isolation level serializable');";
    expect(strayTransactions(parse(begin))).toHaveLength(1);
    expect(strayTransactions(parse(begin, 'src/postgres/a.ts'))).toEqual([]);
    expect(strayTransactions(parse("client.query('rollback to savepoint a');"))).toEqual([]);
    expect(strayTransactions(parse("phase('commit');"))).toEqual([]);
  });

  it('see a table outside its store, one without a store, and no function', () => {
    const tasks = "client.query('select from reprise.tasks');";
    expect(strayTables(parse(tasks))).toHaveLength(1);
    expect(strayTables(parse(tasks, 'src/runner/store/task-store.ts'))).toEqual([]);
    const dynamic = `const sql = \`from reprise.\${name}\`;`;
    expect(strayTables(parse(dynamic))).toHaveLength(1);
    expect(strayTables(parse("const sql = 'insert into reprise.news values (1)';"))).toHaveLength(
      1,
    );
    expect(strayTables(parse("const sql = 'select reprise.units(a) from b';"))).toEqual([]);
    expect(strayTables(parse("const file = 'reprise.config.ts';"))).toEqual([]);
  });

  it('see an SQLSTATE outside its room, and no size', () => {
    expect(strayErrorClasses(parse("if (error.code === '42P01') throw error;"))).toHaveLength(1);
    expect(strayErrorClasses(parse("case '3D000': break;"))).toHaveLength(1);
    const asked = "import { sqlStateOf } from '../postgres/classify.ts';";
    expect(strayErrorClasses(parse(asked))).toHaveLength(1);
    expect(strayErrorClasses(parse(asked, 'src/postgres/a.ts'))).toEqual([]);
    expect(strayErrorClasses(parse("const a = ['256MB', 'ERROR', '12345678'];"))).toEqual([]);
  });

  it('see signals that are joined for ever', () => {
    expect(lastingSignals(parse('const a = AbortSignal.any([b]);'))).toHaveLength(1);
  });
});
