import { type Document, isMap, parseDocument } from 'yaml';
import type { PilotCandidate, PilotConfig } from '../contracts/pilot.js';

/** The id of a candidate's plan. */
export const candidateId = (planId: string, name: string): string => `${planId}.${name}`;

/**
 * The text of a candidate's plan: the plan as it stands, with the candidate's values, few epochs and
 * the pilot's questions before and after. The questions before are the same in all, and so is what
 * is tried on them: their stage is paid for once.
 */
export function candidatePlan(text: string, pilot: PilotConfig, one: PilotCandidate): string {
  const document = parseDocument(text);
  const id = String(document.get('id'));
  document.set('id', candidateId(id, one.name));
  document.set('title', `Pilot ${one.name} of ${id}`);
  document.deleteIn(['training', 'steps']);
  document.setIn(['training', 'epochs'], pilot.epochs);
  document.setIn(['evaluation', 'suites'], [pilot.suite]);
  document.setIn(['money', 'capCny'], pilot.capCny);
  // A third is kept for the second evaluation; a whole plan's reserve could exceed the small cap.
  document.setIn(['money', 'reserveCny'], Math.floor((pilot.capCny * 100) / 3) / 100);
  return withValues(document, one);
}

/** The text of the plan to start after the pilot: the winner's values, and no pilot. */
export function chosenPlan(text: string, winner: PilotCandidate): string {
  return withValues(parseDocument(text), winner);
}

function withValues(document: Document, one: PilotCandidate): string {
  document.delete('pilot');
  if (one.learningRate !== undefined) {
    document.setIn(['training', 'learningRate'], one.learningRate);
  }
  if (one.view !== undefined) document.setIn(['data', 'view'], one.view);
  if (!isMap(document.contents)) throw new Error('a checked plan is a map');
  return document.toString({ lineWidth: 100 });
}
