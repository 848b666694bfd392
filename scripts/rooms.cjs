/**
 * Rooms with sub-rooms, and the order in which these import: each imports only what stands after it. Files directly in the
 * room stand above its sub-rooms, except those of `below`, which every sub-room may import.
 * @type {{ room: string, order: string[], below?: string[] }[]}
 */
module.exports.rooms = [
  {
    room: 'web/src',
    order: ['pages', 'tables', 'charts', 'controls', 'live'],
    below: [
      'api',
      'coverage',
      'format',
      'names',
      'period',
      'reading-spans',
      'resources',
      'routing',
      'site-state',
      'units',
      'use-page-title',
      'use-route',
    ],
  },
  { room: 'web/src/pages', order: ['overview', 'grant', 'project', 'usage', 'data'] },
];
