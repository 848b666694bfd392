import type { ScopedQuestion } from '../../../ledger.ts';

/** The question about the sites that it sees as a whole. People of grants do not see these notes of a site. */
export function ofWholeSites<Question extends ScopedQuestion>(question: Question): Question {
  const { scope } = question;
  if (scope.everything === true) return question;
  return { ...question, scope: { sites: scope.sites, grants: [] }, grants: [] };
}
