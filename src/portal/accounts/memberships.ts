import type { Right } from '../access/rights/roles.ts';
import { isWhole, type VisibleGrant } from './grants/visible.ts';

/** The rights that grants give to the people whom they name (P4). */
export function membershipsIn(grants: readonly VisibleGrant[], person: string): Right[] {
  return grants
    .filter(isWhole)
    .flatMap(({ name, people }) =>
      people.flatMap(({ person: id, role }) =>
        id === person
          ? { role: { role, grant: name }, because: `grant ${name} names the person as ${role}` }
          : [],
      ),
    );
}
