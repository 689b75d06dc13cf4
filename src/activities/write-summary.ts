import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Summary } from '../contracts/state.js';
import { replaceFile } from '../store/local-files.js';
import type { ControlDeps } from './create-control-activities.js';

/** `runs/<planId>/summary.json`, whole or not at all. */
export const writeSummary =
  ({ home, uiUrl }: Pick<ControlDeps, 'home' | 'uiUrl'>) =>
  async ({ summary }: { summary: Summary }): Promise<{ path: string }> => {
    const folder = join(home, 'runs', summary.planId);
    await mkdir(folder, { recursive: true });
    const path = join(folder, 'summary.json');
    const document = Summary.parse({ ...summary, temporalUi: uiUrl });
    await replaceFile(path, Buffer.from(`${JSON.stringify(document, null, 2)}\n`));
    return { path };
  };
