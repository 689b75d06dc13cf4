import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Client, Connection, type WorkflowHandle } from '@temporalio/client';
import {
  bundleWorkflowCode,
  DefaultLogger,
  NativeConnection,
  Runtime,
  Worker,
  type WorkerOptions,
  type WorkflowBundleWithSourceMap,
} from '@temporalio/worker';
import { pino } from 'pino';
import { createAskControl } from '../../../src/activities/until-needed.js';
import { createControlActivities } from '../../../src/activities/create-control-activities.js';
import { loadPlan } from '../../../src/cli/plan-file.js';
import { loadConfig } from '../../../src/config/config.js';
import type { ResolvedPlan } from '../../../src/contracts/plan.js';
import { CONTROL_QUEUE, gpuQueue, PREP_QUEUE, STAGES } from '../../../src/contracts/stages.js';
import type { PlanState } from '../../../src/contracts/state.js';
import { freePorts } from '../../../src/processes/free-port.js';
import { startTemporalServer, type TemporalServer } from '../../../src/processes/server.js';
import type { ReportRequest } from '../../../src/report/report-data.js';
import type { ObjectStore } from '../../../src/store/object-store.js';
import { openStore } from '../../../src/store/open-store.js';
import { ScriptedHosts } from './scripted-hosts.js';
import { type Script, ScriptedStages } from './scripted-stages.js';

const WORKFLOWS = fileURLToPath(new URL('../../../src/workflows/index.ts', import.meta.url));
const TINY = fileURLToPath(new URL('../../../plans/tiny.yaml', import.meta.url));

/** One server, one bundle and one set of workers for a file of tests. */
export class World {
  readonly hosts = new ScriptedHosts();
  readonly script: Script = {};
  /** Hosts that were alive when the last report was written. */
  aliveAtReport: number | null = null;
  /** What the last report was made from. */
  reported: ReportRequest | null = null;
  stages!: ScriptedStages;
  store!: ObjectStore;
  client!: Client;
  bundle!: WorkflowBundleWithSourceMap;
  readonly home = mkdtempSync(join(tmpdir(), 'dream-sft-plan-'));
  #server!: TemporalServer;
  #worker!: NativeConnection;
  readonly #workers: { readonly worker: Worker; readonly ended: Promise<void> }[] = [];

  /** `hosts: 'later'`: nobody takes GPU work until `startHosts`. */
  static async open({ hosts = 'now' }: { hosts?: 'now' | 'later' } = {}): Promise<World> {
    Runtime.install({ logger: new DefaultLogger('ERROR') });
    const world = new World();
    await world.#start();
    if (hosts === 'now') await world.startHosts();
    return world;
  }

  get address(): string {
    return this.#server.address;
  }

  async startHosts(): Promise<void> {
    const taskQueue = gpuQueue('local');
    await this.#serve({ taskQueue, activities: this.stages.gpu });
  }

  /** For the next test: every stage does what it does unless told otherwise. */
  reset(): void {
    for (const stage of STAGES) delete this.script[stage];
    this.stages.ran.length = 0;
    this.stages.joined.length = 0;
    this.stages.artifacts = {};
    this.reported = null;
    this.stages.budgets = {};
  }

  summaryOf(id: string) {
    return JSON.parse(readFileSync(join(this.home, 'runs', id, 'summary.json'), 'utf8'));
  }

  async #start(): Promise<void> {
    const [port, uiPort] = await freePorts(2);
    const { temporal } = loadConfig({ home: this.home });
    const common = { temporal, home: this.home, namespace: 'default', lifetimeSocket: null };
    this.#server = await startTemporalServer({ ...common, port: port!, uiPort: uiPort! });
    const { address } = this.#server;
    this.#worker = await NativeConnection.connect({ address });
    this.client = new Client({
      connection: await Connection.connect({ address }),
      identity: 'test',
    });
    const store = await openStore({ kind: 'local' }, this.home);
    this.store = store;
    this.stages = new ScriptedStages(store, this.script);
    const log = pino({ level: 'silent' });
    const control = createControlActivities({
      store,
      home: this.home,
      codeDigest: '0'.repeat(64),
      client: this.client,
      provider: () => this.hosts,
      now: () => new Date(),
      log,
      renderReport: (request) => {
        const { folder } = request;
        this.reported = request;
        this.aliveAtReport = this.hosts.hosts.filter(({ alive }) => alive).length;
        mkdirSync(folder, { recursive: true });
        const html = join(folder, 'report.html');
        writeFileSync(html, '<p>report</p>');
        return Promise.resolve({ html, markdown: null, pptx: null });
      },
      uiUrl: null,
    });
    this.bundle = await bundleWorkflowCode({
      workflowsPath: WORKFLOWS,
      logger: new DefaultLogger('ERROR'),
    });
    await this.#serve({
      taskQueue: CONTROL_QUEUE,
      workflowBundle: this.bundle,
      activities: { ...control, ...createAskControl({ client: this.client, log }) },
    });
    await this.#serve({ taskQueue: PREP_QUEUE, activities: this.stages.prep });
  }

  async #serve(options: Pick<WorkerOptions, 'taskQueue' | 'workflowBundle' | 'activities'>) {
    const worker = await Worker.create({
      connection: this.#worker,
      // Stands in recorded histories, which shall not name a machine.
      identity: 'test',
      maxHeartbeatThrottleInterval: '100ms',
      ...options,
    });
    this.#workers.push({ worker, ended: worker.run() });
  }

  async close(): Promise<void> {
    for (const { worker } of this.#workers) worker.shutdown();
    await Promise.all(this.#workers.map(({ ended }) => ended));
    await this.client.connection.close();
    await this.#worker.close();
    await this.#server.stop();
    rmSync(this.home, { recursive: true, force: true });
  }

  /** A plan of its own work: its learning rate, and so its stage keys, are no other plan's. */
  async plan(id: string, change: Partial<ResolvedPlan> = {}): Promise<ResolvedPlan> {
    const plan = await loadPlan(TINY);
    const seed = Buffer.from(id).reduce((sum, byte) => (sum * 31 + byte) % 100_003, 7);
    return { ...plan, id, training: { ...plan.training, seed }, ...change };
  }

  start(plan: unknown, workflowId: string, options?: unknown): Promise<WorkflowHandle> {
    const args = options === undefined ? [plan] : [plan, options];
    return this.client.workflow.start('fiveDayPlan', {
      args,
      workflowId,
      taskQueue: CONTROL_QUEUE,
    });
  }
}

export const stateOf = (handle: WorkflowHandle): Promise<PlanState> => handle.query('state');
