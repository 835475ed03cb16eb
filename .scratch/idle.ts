import { readdirSync, readFileSync } from 'node:fs';
import { createReprise } from '../src/composition/create-reprise.ts';
import { paymentConfig } from '../bench/payment-app.ts';
import { openTopic, openServer } from '../bench/environment.ts';
const place = await openTopic(undefined); const server = await openServer(undefined);
const databaseUrl = await server.createDatabase();
const app = await createReprise(paymentConfig({ brokers: place.brokers, topic: place.topic, databaseUrl }));
await app.setUp(); await app.runner.start();
const threads = () => new Map(readdirSync('/proc/self/task').map(t => { const s = readFileSync(`/proc/self/task/${t}/stat`, 'utf8'); const f = s.slice(s.lastIndexOf(')')+2).split(' '); return [t + s.slice(s.indexOf('('), s.lastIndexOf(')')+1), Number(f[11])+Number(f[12])]; }));
for (let i = 0; i < 6; i++) {
  const t0 = threads(); const u0 = (performance.nodeTiming as any).uvMetricsInfo; const e0 = performance.eventLoopUtilization(); const c0 = process.cpuUsage();
  await new Promise(r => setTimeout(r, 10000));
  const c = process.cpuUsage(c0); const u1 = (performance.nodeTiming as any).uvMetricsInfo; console.log(JSON.stringify({ loops: (u1?.loopCount - u0?.loopCount)/10, events: (u1?.events-u0?.events)/10, elu: performance.eventLoopUtilization(e0).utilization }), i, 'idle CPU %', ((c.user + c.system) / 10e6 * 100).toFixed(2), [...threads()].map(([t, v]) => [t, v - (t0.get(t) ?? 0)]).filter(([, v]) => (v as number) > 0).join(' | '));
}
await app.close(); await server.close(); await place.close();
