import { z } from 'zod';

/** Links of a page, among them perhaps the one with `rel: next`. */
export const linksSchema = z.array(z.object({ rel: z.string(), href: z.string() })).optional();
