/** Somebody who can sign in to the demo. */
export interface DemoPerson {
  sub: string;
  name: string;
  /** The part of the person in the demo, in words. */
  what: string;
  /** The claim that the rules of the demo's portal read. */
  groups: readonly string[];
}

export const DEMO_PEOPLE: readonly DemoPerson[] = [
  { sub: 'grace', name: 'Grace Hopper', what: 'operator of the portal', groups: ['operators'] },
  { sub: 'hedy', name: 'Hedy Lamarr', what: 'runs site-a', groups: ['sites/site-a'] },
  {
    sub: 'ada',
    name: 'Ada Lovelace',
    what: 'leads the grants climate and summer course',
    groups: ['grants/climate', 'grants/summer course'],
  },
  { sub: 'luca', name: 'Luca Pacioli', what: 'auditor', groups: ['auditors'] },
  { sub: 'sina', name: 'Ibn Sina', what: 'has no role until an operator invites p-2', groups: [] },
];
