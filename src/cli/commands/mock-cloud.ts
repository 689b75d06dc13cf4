import { CLI_EXIT } from '../../contracts/failures.js';
import { CLOUDS } from '../../contracts/notice.js';
import { type MockCloudServer, startMockCloud } from '../../mock-cloud/server.js';
import { CliError } from '../cli-error.js';
import { print } from '../output.js';

export interface MockCloudArguments {
  readonly port: string;
  readonly cloud?: string;
  readonly noticeAfter?: string;
  readonly stopAfter?: string;
  readonly json?: true;
}

/** The metadata services of six clouds on loopback, until Ctrl-C. */
export async function mockCloud(options: MockCloudArguments): Promise<number> {
  const { cloud, behaviour } = firstBehaviour(options);
  const server = await listen(wholeNumber('--port', options.port));
  if (cloud) server.tell(cloud, behaviour);
  tell(server, options);
  await new Promise<void>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve());
  });
  await server.close();
  return CLI_EXIT.ok;
}

function firstBehaviour({ cloud, noticeAfter, stopAfter }: MockCloudArguments) {
  const known = CLOUDS.find((name) => name === cloud);
  if (cloud !== undefined && known === undefined) {
    const advice = `Clouds: ${CLOUDS.join(', ')}.`;
    throw new CliError(`There is no cloud ${cloud}.`, CLI_EXIT.usage, advice);
  }
  if (known === undefined && (noticeAfter !== undefined || stopAfter !== undefined)) {
    throw new CliError('--notice-after and --stop-after need --cloud, whose notice it is.');
  }
  const behaviour = {
    ...(noticeAfter === undefined
      ? {}
      : { noticeAfterSeconds: wholeNumber('--notice-after', noticeAfter) }),
    ...(stopAfter === undefined
      ? {}
      : { stopAfterSeconds: wholeNumber('--stop-after', stopAfter) }),
  };
  return { cloud: known, behaviour };
}

function wholeNumber(option: string, text: string): number {
  if (/^\d+$/.test(text)) return Number(text);
  throw new CliError(`${option} ${text} is no whole number.`);
}

async function listen(port: number): Promise<MockCloudServer> {
  try {
    return await startMockCloud(port);
  } catch (error) {
    const { code } = error as { code?: unknown };
    if (code !== 'EADDRINUSE' && code !== 'ERR_SOCKET_BAD_PORT') throw error;
    const what = code === 'EADDRINUSE' ? 'is taken' : 'is no port';
    const exit = code === 'EADDRINUSE' ? CLI_EXIT.portInUse : CLI_EXIT.usage;
    throw new CliError(
      `Port ${port} ${what}.`,
      exit,
      'Name another with --port; 0 takes a free one.',
    );
  }
}

function tell({ url, endpoints }: MockCloudServer, { json, cloud = 'aws' }: MockCloudArguments) {
  if (json) return print(JSON.stringify({ url, endpoints }));
  print(`Six clouds, each below its own name: ${CLOUDS.map((name) => `${url}/${name}`).join(' ')}`);
  print('A GPU worker listens to one of them with');
  print(`  DREAM_SFT_CLOUD=${cloud} DREAM_SFT_${cloud.toUpperCase()}_URL=${url}/${cloud}`);
  print('and is told of its end in 10 s, with 120 s from then on, by');
  print(`  curl -X PUT ${url}/control/${cloud} -d '{"noticeAfterSeconds": 10}'`);
  print(`GET ${url}/control/${cloud} shows what else can be set. Ctrl-C ends it.`);
}
