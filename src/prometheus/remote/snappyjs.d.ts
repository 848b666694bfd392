declare module 'snappyjs' {
  export function compress<B extends Uint8Array>(bytes: B): B;
}
