import { expect, it } from 'vitest';
import { doctorCommand } from './doctor.ts';

it.each(['exporter', 'prometheus', 'gate', 'portal'])(
  'shows no password in the address of --%s',
  async (link) => {
    for (const address of ['https://ada:secret@host', 'ftp://ada:secret@host']) {
      const asked = doctorCommand().parseAsync([`--${link}`, address], { from: 'user' });
      await expect(asked).rejects.toThrow(/^(?!.*secret)/);
    }
  },
);
