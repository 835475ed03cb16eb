import { describe, expect, it } from 'vitest';
import { folderCycles } from './house-rules.ts';
import { importCycles, importViolations } from './import-rules.ts';
import { orderViolations } from './room-order.ts';
import { parseModule, readSourceTree } from './source-tree.ts';

const source = readSourceTree('src');

describe('the rooms of src', () => {
  it('import in one direction only, and packages only in the room that owns them', () => {
    expect(importViolations(source)).toEqual([]);
  });

  it('have no cycle between files', () => {
    expect(importCycles(source)).toEqual([]);
  });

  it('have no cycle between folders', () => {
    expect(folderCycles(source)).toEqual([]);
  });

  it('have folders of which the lower import no higher one', () => {
    expect(orderViolations(source)).toEqual([]);
  });
});

describe('the import rules', () => {
  const violationsOf = (path: string, text: string) => importViolations([parseModule(path, text)]);

  it('see a type-only import against the direction', () => {
    const text = "import type { Runner } from '../runner/runner.ts';";
    expect(violationsOf('src/fold/task.ts', text)).toHaveLength(1);
    expect(violationsOf('src/composition/task.ts', text)).toEqual([]);
  });

  it('see an adapter of the log behind its port', () => {
    const port = "import type { RecordBatch } from '../log/record-batch.ts';";
    const adapter = "export { KafkaLog } from '../log/kafka/kafka-log.ts';";
    expect(violationsOf('src/fold/a.ts', port)).toEqual([]);
    expect(violationsOf('src/fold/a.ts', adapter)).toHaveLength(1);
  });

  it('see foreign packages, the container, I/O in the core and dynamic imports', () => {
    expect(violationsOf('src/log/a.ts', "import { Kafka } from 'kafkajs';")).toHaveLength(1);
    expect(violationsOf('src/log/kafka/a.ts', "import { Kafka } from 'kafkajs';")).toEqual([]);
    expect(violationsOf('src/cli/a.ts', "const pg = await import('pg');")).toHaveLength(1);
    expect(violationsOf('src/runner/a.ts', "import { Container } from 'inversify';")).toHaveLength(
      1,
    );
    expect(violationsOf('src/runner/a.ts', "import { inject } from 'inversify';")).toEqual([]);
    expect(violationsOf('src/fold/a.ts', "import { readFile } from 'node:fs';")).toHaveLength(1);
  });

  it('refuse a room that is not in the table', () => {
    expect(violationsOf('src/extra/a.ts', '')).toHaveLength(1);
  });

  it('see a cycle of three files', () => {
    const modules = [
      parseModule('src/log/a.ts', "import { b } from './b.ts';"),
      parseModule('src/log/b.ts', "import type { c } from './c.ts';"),
      parseModule('src/log/c.ts', "import { a } from './a.ts';"),
    ];
    expect(importCycles(modules)).toEqual([
      'src/log/a.ts → src/log/b.ts → src/log/c.ts → src/log/a.ts',
    ]);
    expect(importCycles(modules.slice(0, 2))).toEqual([]);
  });

  it('see a cycle of two folders that is none of files', () => {
    const modules = [
      parseModule('src/log/a.ts', "import { b } from './kafka/b.ts';"),
      parseModule('src/log/kafka/c.ts', "import type { d } from '../d.ts';"),
    ];
    expect(folderCycles(modules)).toEqual(['src/log → src/log/kafka → src/log']);
    expect(folderCycles(modules.slice(0, 1))).toEqual([]);
  });

  it('see an import from a lower folder of a room, and a folder without a place', () => {
    const up = parseModule('src/runner/store/a.ts', "import type { b } from '../live/b.ts';");
    const down = parseModule('src/runner/live/a.ts', "import type { b } from '../store/b.ts';");
    expect(orderViolations([up])).toHaveLength(1);
    expect(orderViolations([down])).toEqual([]);
    expect(orderViolations([parseModule('src/runner/extra/a.ts', '')])).toHaveLength(1);
    expect(orderViolations([parseModule('src/publish/extra/a.ts', '')])).toHaveLength(1);
  });
});
