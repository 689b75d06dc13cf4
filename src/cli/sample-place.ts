import type { Config } from '../config/config.js';
import { CLI_EXIT } from '../contracts/failures.js';
import type { FineTuned } from '../contracts/state.js';
import { readGpus } from '../processes/gpus.js';
import { CliError } from './cli-error.js';
import type { SampleArguments } from './commands/sample.js';
import { type FoundModel, findModel, isModelFolder, modelInStore } from './model-folder.js';
import { deviceOf } from './trainer-here.js';

export type Place =
  | { readonly kind: 'here'; readonly found: FoundModel; readonly device: 'cpu' | 'cuda' }
  | {
      readonly kind: 'host';
      readonly model: FineTuned & { readonly hosts: NonNullable<FineTuned['hosts']> };
      readonly label: string;
    };

type Options = Pick<SampleArguments, 'on' | 'device' | 'base'>;

/**
 * Where a model is asked. Left to itself a plan's model that was trained on a GPU is asked on a host
 * when this machine has none: 15 GB are not brought to a laptop that would take an hour to answer.
 */
export async function placeOf(
  settings: Config,
  named: string,
  { on, device, base = false }: Options,
): Promise<Place> {
  if (on !== undefined && on !== 'here' && on !== 'host') {
    throw new CliError(`--on ${on} is neither here nor host.`, CLI_EXIT.usage);
  }
  if (on === 'host') {
    refuseOnHost(named, device);
    const { model, label } = await modelInStore(settings, named, base);
    const { hosts } = model;
    if (hosts) return { kind: 'host', model: { ...model, hosts }, label };
    throw new CliError(
      `${named} was carried out by a version that did not note its hosts.`,
      CLI_EXIT.notFound,
      'Ask it on this machine: --on here.',
    );
  }
  if (on === undefined && device === undefined && !isModelFolder(named)) {
    const { model, label } = await modelInStore(settings, named, base);
    const { hosts } = model;
    if (hosts?.device === 'cuda' && (await readGpus()).length === 0) {
      return { kind: 'host', model: { ...model, hosts }, label };
    }
  }
  const chosen = await deviceOf(device);
  return { kind: 'here', device: chosen, found: await findModel(settings, named, base) };
}

function refuseOnHost(named: string, device: string | undefined): void {
  if (isModelFolder(named)) {
    throw new CliError(
      `${named} is a folder of this machine; a host can be asked for the model of a plan.`,
      CLI_EXIT.usage,
    );
  }
  if (device === undefined) return;
  throw new CliError(
    `--device ${device} is about this machine; a host computes where its plan says.`,
    CLI_EXIT.usage,
  );
}
