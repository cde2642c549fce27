import { memoryStores } from "./stores.ts";
import { runSeed } from "./run.ts";
import { none } from "./weaknesses.ts";
const b0 = performance.now();
const stores = await memoryStores(); console.log('up', (performance.now()-b0).toFixed(0));
for (let s = Number(process.argv[2]); s <= Number(process.argv[3]); s++) { const b = performance.now(); const c = process.cpuUsage(); const o = await runSeed(stores, s, none); const u=process.cpuUsage(c); console.log(s, (performance.now() - b).toFixed(0), 'cpu', ((u.user+u.system) / 1000).toFixed(0), 'ops', o.operations, o.broken.slice(0,4).map(b => b.promise + ' ' + b.what.slice(0,300))); }
await stores.close();
