import { describe, expect, it } from 'vitest';
import { exampleOf, fieldsOf, wordsOf, type Schema } from './schema.ts';

const GRANT: Schema = {
  type: 'object',
  properties: {
    name: { type: 'string', examples: ['climate'] },
    to: { anyOf: [{ type: 'string', format: 'date-time' }, { type: 'null' }] },
    step: { enum: ['hour', 'day'], default: 'day' },
    projects: { type: 'array', items: { type: 'object', properties: { site: { type: 'string' } } } },
    labels: { type: 'object', additionalProperties: { type: 'string' } },
    kind: { const: 'grant' },
  },
  required: ['name'],
};

describe('a schema', () => {
  it('says in words what a value may be', () => {
    expect(fieldsOf(GRANT).map(([name, schema, required]) => [name, wordsOf(schema), required])).toEqual([
      ['name', 'text', true],
      ['to', 'text (date-time) or null', false],
      ['step', '"hour", "day"', false],
      ['projects', 'list of object', false],
      ['labels', 'object', false],
      ['kind', '"grant"', false],
    ]);
    expect(wordsOf({})).toBe('anything');
    expect(wordsOf({ type: ['string', 'null'] })).toBe('text or null');
  });

  it('shows the fields of objects in a list or choice', () => {
    const list: Schema = { anyOf: [{ type: 'array', items: GRANT }, { type: 'null' }] };
    expect(fieldsOf(list)).toEqual(fieldsOf(GRANT));
  });

  it('has an example, from the examples of its parts', () => {
    expect(exampleOf({ type: 'array', items: GRANT })).toEqual([
      { name: 'climate', to: '…', step: 'day', projects: [{ site: '…' }], labels: {}, kind: 'grant' },
    ]);
    expect(exampleOf({ examples: [null], type: 'string' })).toBeNull();
    expect(exampleOf({ type: 'integer', minimum: 1 })).toBe(1);
    expect(exampleOf({})).toBeNull();
  });
});
