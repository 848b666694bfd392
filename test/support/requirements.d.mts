export function find(name: string): string | undefined;
export function missing(): { name: string; get: string }[];
export function isRequired(name: string): boolean;
