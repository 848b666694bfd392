// `npm run verify`: rules that dependency-cruiser cannot check. No room has too many files, and scripts/rooms.cjs names
// every sub-room.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { root, say } from './prepare.mjs';
import { rooms } from './rooms.cjs';

const MOST_FILES = 15;
const faults = [...['src', 'web/src'].flatMap(foldersBelow).flatMap(crowding), ...rooms.flatMap(unordered)];
for (const fault of faults) say(fault);
if (faults.length > 0) process.exit(1);
process.stdout.write(`${foldersBelow('src').length + foldersBelow('web/src').length} rooms\n`);

function crowding(folder) {
  const files = entries(folder).filter((entry) => entry.isFile() && isProduct(entry.name));
  if (files.length <= MOST_FILES || folder.endsWith('/migrations')) return [];
  return [`${folder} has ${files.length} files, ${MOST_FILES} at most: give it sub-rooms`];
}

function unordered({ room, order, below = [] }) {
  const subRooms = subFolders(room).filter((name) =>
    entries(`${room}/${name}`).some((entry) => entry.isDirectory() || isProduct(entry.name)),
  );
  const missing = subRooms.filter((name) => !order.includes(name));
  const gone = order.filter((name) => !subRooms.includes(name));
  const files = new Set(entries(room).map((entry) => entry.name.replace(/\.tsx?$/, '')));
  return [
    ...missing.map((name) => `${room}/${name} has no place in the order of scripts/rooms.cjs`),
    ...gone.map((name) => `scripts/rooms.cjs names ${room}/${name}, which is not there`),
    ...below
      .filter((name) => !files.has(name))
      .map((name) => `scripts/rooms.cjs names the file ${room}/${name}, which is not there`),
  ];
}

function foldersBelow(folder) {
  return [folder, ...subFolders(folder).flatMap((name) => foldersBelow(`${folder}/${name}`))];
}

function subFolders(folder) {
  return entries(folder)
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name);
}

function isProduct(name) {
  return /\.tsx?$/.test(name) && !/\.test\.tsx?$/.test(name);
}

function entries(folder) {
  return readdirSync(join(root, folder), { withFileTypes: true });
}
