import { type MockCloud, NOT_FOUND, ok, written } from './scene.js';

const BEIJING_MS = 8 * 3600 * 1000;

export const mockTencent: MockCloud = ({ path }, scene) => {
  switch (path) {
    case '/latest/meta-data/instance-id':
      return ok('ins-3g445roi');
    case '/latest/meta-data/spot/termination-time':
      return scene.stopAt ? written(scene, beijing(scene.stopAt)) : NOT_FOUND;
    default:
      return NOT_FOUND;
  }
};

/** `2026-11-30 20:00:00` for noon UTC. */
function beijing(date: Date): string {
  return new Date(date.getTime() + BEIJING_MS).toISOString().slice(0, 19).replace('T', ' ');
}
