for (const m of ['pg','knex','inversify','reflect-metadata','kafkajs','@kafkajs/confluent-schema-registry','avsc','pino','zod','@node-rs/crc32','lz4-napi','snappy','pg-copy-streams','commander','fastify','prom-client']) {
  const t=performance.now(); try { await import(m); } catch(e) { console.log(m, e.code); continue }
  console.log(m.padEnd(40), (performance.now()-t).toFixed(0));
}
